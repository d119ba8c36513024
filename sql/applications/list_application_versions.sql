-- list_application_versions(application_names text?, most int?) many
-- row: version_id text, version_name text, application_name text?, version_timestamp text,
-- row: created_at text
-- needs application_versions
--
-- The versions of the given applications and those that belong to none, or without any of all
-- applications, the latest first; no more than `most` of them.
select
  version_id,
  version_name,
  application_name, -- application_versions.application_name
  version_timestamp::text,
  created_at::text
from :schema.application_versions as version
where true
  and ( -- application_versions.application_name
    application_name is null -- application_versions.application_name
    or :application_names::text is null -- application_versions.application_name
    or application_name in ( -- application_versions.application_name
      select json_array_elements_text( -- application_versions.application_name
        :application_names::text::json -- application_versions.application_name
      ) -- application_versions.application_name
    ) -- application_versions.application_name
  ) -- application_versions.application_name
order by version.version_timestamp desc
limit :most::int
