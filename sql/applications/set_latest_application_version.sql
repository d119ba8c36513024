-- set_latest_application_version(version_name text, application_name text?) optional
-- row: application_name text?, is_set boolean
-- needs application_versions for application versions
--
-- Makes a version the latest one of its application, unless that is not the given application. Returns
-- the application that the version belonged to. A version that belonged to none becomes that of the
-- given application.
--
-- The version is locked before it is read, so that its application cannot change meanwhile. Its new
-- timestamp is later than that of the latest version even if that was written by a fast clock.
with version as (
  select
    application_name, -- if application_versions.application_name
    version_id
  from :schema.application_versions
  where version_name = :version_name::text
  for update
),
latest as (
  select max(version_timestamp) as version_timestamp
  from :schema.application_versions
  where true
    -- if application_versions.application_name
    and coalesce(application_name = :application_name::text, true)
    -- end
),
updated as (
  update :schema.application_versions as updated
  set
    -- if application_versions.application_name
    application_name = coalesce(version.application_name, :application_name::text),
    -- end
    version_timestamp = greatest(
      (extract(epoch from statement_timestamp()) * 1000)::bigint,
      latest.version_timestamp + 1
    )
  from version
  cross join latest
  where updated.version_id = version.version_id
    -- if application_versions.application_name
    and coalesce(version.application_name = :application_name::text, true)
    -- end
  returning updated.version_id
)
select
  application_name, -- if application_versions.application_name
  exists (select from updated) as is_set
from version
