#!/bin/sh
# Asks a daemon how it is. POSIX sh: Debian's dash and Alpine's busybox; the images have no curl, so it takes what there is.
#
# probe.sh ready dhcp4|dhcp6 PORT [SOCKET]   it answers a lease query, so it has its lease database
# probe.sh alive dhcp4|dhcp6 PORT [SOCKET]   it answers at all
# probe.sh alive agent PORT                  the same of the control agent
#
# PORT is the HTTP control endpoint on the pod's loopback, the daemon's own or the agent's. SOCKET is the daemon's socket
# behind an agent. The agent passes on one command at a time: one daemon that hangs makes it deaf to all others, so it is
# passed by where the image has something that can speak to a socket. WAIT: seconds for one answer.
set -uf

mode=$1 service=$2 port=$3 socket=${4:-}
wait=${WAIT:-4}
CR=$(printf '\r')

has() { command -v "$1" >/dev/null 2>&1; }

# request COMMAND [ARGUMENTS]: the agent itself is asked by naming no service.
request() {
    to=
    [ "$service" = agent ] || to=",\"service\":[\"$service\"]"
    printf '{"command":"%s"%s%s}' "$1" "$to" "${2:+,\"arguments\":$2}"
}

http() {
    printf '%s\n' "POST / HTTP/1.1$CR" "Host: 127.0.0.1$CR" "Content-Type: application/json$CR" "Content-Length: ${#1}$CR" "Connection: close$CR" "$CR"
    printf '%s' "$1"
}

# Each way ends by itself: a stopped daemon takes the connection and says nothing. timeout(1) would do it for all, but
# busybox's leaves a process behind, and Kea, the container's first process, buries none.

# over_socket BODY prints the answer; it fails when the image has nothing for it.
over_socket() {
    if has socat; then
        printf '%s' "$1" | socat -t "$wait" -T "$wait" - "UNIX-CONNECT:$socket" 2>/dev/null
    elif has nc && nc -h 2>&1 | grep -q -e '-U'; then
        printf '%s' "$1" | nc -w "$wait" -U "$socket" 2>/dev/null
    elif has perl; then
        perl -MIO::Socket::UNIX -e '
            alarm $ARGV[2]; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 0;
            $s->syswrite($ARGV[1]); local $/; print scalar <$s>' "$socket" "$1" "$wait" 2>/dev/null
    elif has python3; then
        python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(float(sys.argv[3]))
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode())
while part := s.recv(65536): print(part.decode(), end="")' "$socket" "$1" "$wait" 2>/dev/null
    else
        return 1
    fi
    return 0
}

# over_http BODY prints the answer.
over_http() {
    if has bash; then
        bash -c '
            exec 3<>"/dev/tcp/127.0.0.1/$0" || exit
            printf "%s" "$2" >&3
            while IFS= read -r -t "$1" line <&3; do printf "%s\n" "$line"; done
            printf "%s\n" "$line"' "$port" "$wait" "$(http "$1")" 2>/dev/null
    elif has nc; then
        http "$1" | nc -w "$wait" 127.0.0.1 "$port" 2>/dev/null
    elif has wget; then
        limit=
        wget --help 2>&1 | grep -q -e '-T' && limit="-T $wait"
        # shellcheck disable=SC2086 # two words
        wget -q $limit -O - --header 'Content-Type: application/json' --post-data "$1" "http://127.0.0.1:$port/" 2>/dev/null
    elif has perl; then
        perl -MIO::Socket::INET -e '
            alarm $ARGV[2]; my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or exit;
            $s->syswrite($ARGV[1]); local $/; print scalar <$s>' "$port" "$(http "$1")" "$wait" 2>/dev/null
    elif has python3; then
        python3 -c '
import sys, urllib.request as u
print(u.urlopen(u.Request(sys.argv[1], sys.argv[2].encode(), {"Content-Type": "application/json"}), timeout=float(sys.argv[3])).read().decode())' \
            "http://127.0.0.1:$port/" "$1" "$wait" 2>/dev/null
    else
        echo "this image has nothing to ask Kea with: bash, nc, wget, perl or python3" >&2
        exit 1
    fi
}

# ask COMMAND [ARGUMENTS] sets answer, and code: the result, or nothing when there was none. through says which way it went.
ask() {
    body=$(request "$@")
    through=socket
    if [ -z "$socket" ] || ! answer=$(over_socket "$body"); then
        through=http
        answer=$(over_http "$body")
    fi
    answer=$(printf '%s' "$answer" | tr -d '\r\n')
    code=$(printf '%s' "$answer" | sed -n 's/^.*"result" *: *\([0-9][0-9]*\).*$/\1/p')
}

fail() {
    text=$(printf '%s' "$answer" | sed -n 's/^.*"text" *: *"\([^"]*\)".*$/\1/p')
    echo "$service: ${text:-no answer within $wait s}" >&2
    exit 1
}

case $mode-$service in
alive-*)
    start=$(date +%s)
    ask version-get
    [ "$code" = 0 ] && exit 0
    # An agent that refuses the connection is not there, which is its own probe's business. Silence may be the daemon's.
    if [ -n "$socket" ] && [ "$through" = http ] && [ -z "$code" ] && [ $(($(date +%s) - start)) -lt "$wait" ]; then
        exit 0
    fi
    fail
    ;;
ready-dhcp4) command=lease4-get lease='{"ip-address":"192.0.2.1"}' ;;
ready-dhcp6) command=lease6-get lease='{"ip-address":"2001:db8::1"}' ;;
*)
    echo "probe.sh ready|alive dhcp4|dhcp6|agent PORT [SOCKET]" >&2
    exit 2
    ;;
esac

# 3 is "no such lease", which only a database can know. The first query after a lost session is how Kea notices the loss; it
# connects anew at once, so the second one counts.
ask "$command" "$lease"
case $code in 0 | 3) exit 0 ;; esac
[ -n "$code" ] || fail
sleep 1
ask "$command" "$lease"
case $code in 0 | 3) exit 0 ;; esac
fail
