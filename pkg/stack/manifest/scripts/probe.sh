#!/bin/sh
# Asks a daemon through its HTTP control endpoint on the pod's loopback. POSIX sh: Debian's dash and Alpine's busybox; the
# images have no curl, so it takes what there is.
#
# probe.sh ready dhcp4|dhcp6 PORT          it answers a lease query, so it has its lease database
# probe.sh alive dhcp4|dhcp6|agent PORT    it answers at all
#
# BEHIND_AGENT=yes: a control agent answers on PORT, and passes on what is for the daemon. WAIT: seconds for one answer.
set -uf

mode=$1 service=$2 port=$3
wait=${WAIT:-4}

# request COMMAND [ARGUMENTS]: the agent itself is asked by naming no service.
request() {
	to=
	[ "$service" = agent ] || to=",\"service\":[\"$service\"]"
	printf '{"command":"%s"%s%s}' "$1" "$to" "${2:+,\"arguments\":$2}"
}

header() {
	printf 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' "${#1}" "$1"
}

has() { command -v "$1" >/dev/null 2>&1; }

# post BODY prints the answer. bash and busybox start fastest; a probe runs every few seconds. Each way ends by itself: a
# stopped daemon takes the connection and says nothing.
post() {
	if has bash; then
		# bash's own read, so that a kill leaves no child behind.
		timeout "$((wait + 1))" bash -c '
			exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 7
			printf "%s" "$2" >&3
			while IFS= read -r -t "$1" line <&3; do printf "%s\n" "$line"; done
			printf "%s\n" "$line"' "$port" "$wait" "$(header "$1")" 2>/dev/null
	elif has wget; then
		wget -q -T "$wait" -O - --header 'Content-Type: application/json' --post-data "$1" "http://127.0.0.1:$port/" 2>/dev/null
	elif has nc; then
		header "$1" | timeout "$((wait + 1))" nc -w "$wait" 127.0.0.1 "$port" 2>/dev/null
	elif has python3; then
		timeout "$((wait + 1))" python3 -c '
import sys, urllib.request as u
print(u.urlopen(u.Request(sys.argv[1], sys.argv[2].encode(), {"Content-Type": "application/json"}), timeout=float(sys.argv[3])).read().decode())' \
			"http://127.0.0.1:$port/" "$1" "$wait" 2>/dev/null
	elif has perl; then
		header "$1" | timeout "$((wait + 1))" perl -MIO::Socket::INET -e '
			my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or exit 7;
			local $/; print $s scalar <STDIN>; $s->flush; print scalar <$s>' "$port" 2>/dev/null
	else
		echo "this image has nothing to ask Kea with: bash, wget, nc, python3 or perl" >&2
		exit 1
	fi
}

# result ANSWER: the number, or nothing when there was none.
result() { printf '%s' "$1" | tr -d '\n' | sed -n 's/^.*"result" *: *\([0-9][0-9]*\).*$/\1/p'; }

ask() {
	answer=$(post "$(request "$@")")
	code=$(result "$answer")
}

fail() {
	text=$(printf '%s' "$answer" | tr -d '\n' | sed -n 's/^.*"text" *: *"\([^"]*\)".*$/\1/p')
	echo "$service: ${text:-no answer on port $port within $wait s}" >&2
	exit 1
}

case $mode-$service in
ready-dhcp4) query=lease4-get lease='{"ip-address":"192.0.2.1"}' ;;
ready-dhcp6) query=lease6-get lease='{"ip-address":"2001:db8::1"}' ;;
alive-*)
	ask version-get
	[ "$code" = 0 ] && exit 0
	# No answer through the agent says nothing about the daemon when the agent itself gives none: that is the agent's own
	# probe's business, and starting the daemon anew would cost leases' clients.
	if [ -z "$code" ] && [ "${BEHIND_AGENT:-}" = yes ]; then
		asked=$service service=agent
		ask version-get
		[ -n "$code" ] || exit 0
		service=$asked answer=
	fi
	fail
	;;
*)
	echo "probe.sh ready|alive dhcp4|dhcp6|agent PORT" >&2
	exit 2
	;;
esac

# 3 is "no such lease", which only a database can know. The first query after a lost session is how Kea notices the loss; it
# connects anew at once, so the second one counts.
ask "$query" "$lease"
case $code in 0 | 3) exit 0 ;; esac
[ -n "$code" ] || fail
sleep 1
ask "$query" "$lease"
case $code in 0 | 3) exit 0 ;; esac
fail
