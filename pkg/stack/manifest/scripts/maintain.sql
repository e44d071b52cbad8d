-- Nightly care for Kea's database, as its owner. Nothing here takes a lock that a DHCP query waits for: no VACUUM FULL, no
-- REINDEX. It does the same when it runs twice. Variable: retention, as in '30 days'.
\set ON_ERROR_STOP 1
SET lock_timeout = '10s';
SELECT set_config('kea.retention', :'retention', false) AS "kept for";

-- Leases change all the time: a fifth of a large table, PostgreSQL's default, is too much to leave dead.
SELECT format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)', c.oid::regclass)
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  AND c.relname IN ('lease4', 'lease6', 'lease4_stat', 'lease6_stat', 'lease4_pool_stat', 'lease6_pool_stat')
  AND NOT coalesce(c.reloptions, '{}') @> ARRAY['autovacuum_vacuum_scale_factor=0.02', 'autovacuum_analyze_scale_factor=0.02']
ORDER BY c.relname
\gexec

-- The forensic log, as Kea's hook writes it: in small transactions, because the first night may find years.
DO $$
BEGIN
  IF to_regclass('public.logs') IS NULL THEN
    RETURN;
  END IF;
  LOOP
    DELETE FROM logs WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM logs WHERE timestamp < now() - current_setting('kea.retention')::interval LIMIT 10000));
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END $$;

-- The history of leases that kubectl kea keeps, for as long as it is told to. From when on it is complete is noted first:
-- a night that ends early leaves nothing that is not true.
DO $$
DECLARE
  cutoff timestamptz;
  last bigint := 0;
  next bigint;
BEGIN
  IF to_regclass('kea_history.state') IS NULL THEN
    RETURN;
  END IF;
  SELECT now() - keep INTO cutoff FROM kea_history.state;
  IF cutoff IS NULL THEN
    RETURN;
  END IF;
  UPDATE kea_history.state SET pruned_until = greatest(pruned_until, cutoff);
  COMMIT;
  LOOP
    SELECT max(id) INTO next FROM (SELECT id FROM kea_history.lease_event WHERE id > last ORDER BY id LIMIT 10000) AS batch;
    EXIT WHEN next IS NULL;
    DELETE FROM kea_history.lease_event WHERE id > last AND id <= next AND at < cutoff;
    EXIT WHEN NOT FOUND;
    COMMIT;
    last := next;
  END LOOP;
END $$;

-- The change log of the configuration backend. Its time is on the revisions, and the newest revision stays: servers ask for
-- what is newer than the last that they saw.
DO $$
DECLARE family text;
BEGIN
  FOREACH family IN ARRAY ARRAY['dhcp4', 'dhcp6'] LOOP
    CONTINUE WHEN to_regclass('public.' || family || '_audit_revision') IS NULL;
    EXECUTE format(
      'DELETE FROM %1$I a USING %2$I r WHERE a.revision_id = r.id
         AND r.modification_ts < now() - current_setting(''kea.retention'')::interval AND r.id < (SELECT max(id) FROM %2$I)',
      family || '_audit', family || '_audit_revision');
    EXECUTE format(
      'DELETE FROM %2$I r WHERE r.modification_ts < now() - current_setting(''kea.retention'')::interval
         AND r.id < (SELECT max(id) FROM %2$I) AND NOT EXISTS (SELECT FROM %1$I a WHERE a.revision_id = r.id)',
      family || '_audit', family || '_audit_revision');
  END LOOP;
END $$;

-- A table that autovacuum works on is left to it.
SELECT format('VACUUM (ANALYZE, SKIP_LOCKED) %s', c.oid::regclass)
FROM pg_class c
WHERE (c.relnamespace = 'public'::regnamespace OR c.oid = to_regclass('kea_history.lease_event')) AND c.relkind = 'r'
  AND c.relname IN (
    'lease_event', 'lease4', 'lease6', 'lease4_stat', 'lease6_stat', 'lease4_pool_stat', 'lease6_pool_stat', 'lease6_relay_id',
    'lease6_remote_id', 'hosts', 'ipv6_reservations', 'dhcp4_options', 'dhcp6_options', 'logs', 'dhcp4_audit',
    'dhcp4_audit_revision', 'dhcp6_audit', 'dhcp6_audit_revision')
ORDER BY c.relname
\gexec
