-- What sql_e2e_test.go reads, in the columns that every version of Kea's schema has.
truncate lease4, lease4_stat;
truncate lease6, lease6_stat cascade;
insert into lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state, user_context) values
	(3325256705, '\x02005e000001', '\x0102005e000001', 3600, now() + interval '1800 s', 10, true, false, 'alpha.example.org', 0, '{"a": 1}'),
	(3325256706, '\x02005e000002', null, 3600, now() - interval '60 s', 10, false, false, 'beta.example.org', 0, null),
	(3325256707, '\x', '\x', 86400, now() + interval '80000 s', 10, false, false, '', 1, null),
	(3325256708, '\x02005e000004', '\x00', 4294967295, now() - interval '1 day', 20, false, false, 'for_ever', 0, null);
insert into lease6 (address, duid, valid_lifetime, expire, subnet_id, pref_lifetime, lease_type, iaid, prefix_len, fqdn_fwd, fqdn_rev, hostname, state, hwaddr) values
	('2001:db8::2', '\x00030001aa01', 3600, now() + interval '1790 s', 10, 1800, 0, -1, 128, true, true, 'alpha.example.net', 0, '\x02005e000001'),
	('2001:db8:8000::', '\x00030001aa01', 3600, now() + interval '3600 s', 30, 1800, 2, 8, 50, false, false, '', 0, null);
