-- The history of leases, beside Kea's own tables. It is made by the role that owns those, runs as often as one likes, and
-- locks none of them.
CREATE SCHEMA IF NOT EXISTS kea_history;

-- One row: since when the events are complete, and what was done to them.
CREATE TABLE IF NOT EXISTS kea_history.state (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  enabled boolean NOT NULL,
  version integer NOT NULL,
  since timestamptz NOT NULL,      -- no change of a lease after it is missing; infinity: not yet
  pruned_until timestamptz,        -- what was before it has been deleted, or is about to be
  keep interval                    -- how long events are to be kept; null: for ever
);

-- Events that could not be written. A sequence, because it survives the roll-back of whatever went wrong.
CREATE SEQUENCE IF NOT EXISTS kea_history.missed;

-- A row is one client's: when a row of Kea's passes from one client to another, or its host name changes, that is two
-- events, the old holder's (X, O) and the new one's (N, C). So the columns that follow who holds an address need no second
-- set, and only what changes at every renewal stands twice: before (was_...) and after.
--
-- op: I inserted, D deleted, R the same holder as before,
--     X the end of a holder, N the new one, O the old word of the same client, C the new one.
CREATE TABLE IF NOT EXISTS kea_history.lease_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  subnet_id bigint,
  expire timestamptz,              -- null after the end of a row, like all that says how it is now
  was_expire timestamptz,          -- null before the beginning of a row
  valid_lifetime bigint,
  was_valid_lifetime bigint,
  iaid integer,
  type smallint NOT NULL,          -- as in lease6; -1 for DHCPv4
  state smallint,
  was_state smallint,
  op "char" NOT NULL,
  fqdn_fwd boolean,
  fqdn_rev boolean,
  address inet NOT NULL,           -- a prefix with its length
  hwaddr bytea,
  client bytea,                    -- client id, or DUID
  hostname varchar,
  preferred bigint,                -- DHCPv6
  was_preferred bigint,
  pool_id bigint,
  user_context text,
  relay_id bytea,
  remote_id bytea
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

CREATE INDEX IF NOT EXISTS lease_event_by_address ON kea_history.lease_event (address, id);
-- Renewals are most of all events, and are found through the address that their client got with an event of another kind.
CREATE INDEX IF NOT EXISTS lease_event_by_hwaddr ON kea_history.lease_event (hwaddr) WHERE op <> 'R' AND hwaddr IS NOT NULL;
CREATE INDEX IF NOT EXISTS lease_event_by_client ON kea_history.lease_event (client) WHERE op <> 'R' AND client IS NOT NULL;
CREATE INDEX IF NOT EXISTS lease_event_by_hostname ON kea_history.lease_event (lower(hostname)) WHERE op <> 'R' AND hostname <> '';
