-- list_application_versions(application_names text?, most int?) many
-- row: version_id text, version_name text, application_name text?, version_timestamp text,
-- row: created_at text
-- needs application_versions for application versions
--
-- The versions of the given applications and those that belong to none, or without any of all
-- applications, the latest first; no more than `most` of them.
select
  version_id,
  version_name,
  application_name, -- if application_versions.application_name
  version_timestamp::text,
  created_at::text
from :schema.application_versions as version
where true
  -- if application_versions.application_name
  and (
    application_name is null
    or :application_names::text is null
    or application_name in (
      select json_array_elements_text(
        :application_names::text::json
      )
    )
  )
  -- end
order by version.version_timestamp desc
limit :most::int
