-- find_lost_claims(owner_xids text, separator text) many
-- row: owner_xid text
--
-- Returns those of the tokens whose workflow is no longer run under them: it was cancelled, resumed,
-- completed by the test or deleted.
select owner_xid
from unnest(string_to_array(:owner_xids::text, :separator::text)) as claim (owner_xid)
where statement_timestamp() is not null
  and not exists (
    select
    from :schema.workflow_status as ws
    where ws.owner_xid = claim.owner_xid and ws.status = 'PENDING'
  )
