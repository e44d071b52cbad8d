#!/bin/sh
# Runs before a server's daemons start. POSIX sh: Debian's dash and Alpine's busybox.
#
# Environment: RUN_DIR; POD_NAME, POD_IPS; with DHCPv6 on the pod network INTERFACES6 (words), UNICAST6 (one of them) and
# POD_DIR; with PostgreSQL PGHOST, PGPORT, PGDATABASE, PGUSER, PGSERVICEFILE, PGSERVICE and SCRIPTS_DIR. TRIES, PAUSE.
set -euf

say() { echo "prepare: $*" >&2; }

# The reason goes where `kubectl describe pod` shows it.
die() {
    say "$*"
    printf '%s' "$*" >"${TERMINATION_LOG:-/dev/termination-log}" 2>/dev/null || true
    exit "${ending:-1}"
}

# What no waiting mends ends with 3, by which install knows it.
give_up() {
    ending=3
    die "$*"
}

# Kea refuses to put its sockets into a folder that everybody may enter, as an emptyDir is.
chmod 0750 "$RUN_DIR"

# Relays send to the pod's own IPv6 address. Kea hears unicast only at addresses that its configuration names, and this one
# is known no earlier than now. Multicast on the interfaces comes with their bare names.
interfaces6() {
    list=
    for interface in $INTERFACES6; do
        list="$list${list:+, }\"$interface\""
    done
    for address in $(echo "$POD_IPS" | tr ',' ' '); do
        case $address in *:*) list="$list, \"$UNICAST6/$address\"" ;; esac
    done
    echo "[$list]"
}
if [ -n "${INTERFACES6:-}" ]; then
    interfaces6 >"$POD_DIR/interfaces6.json"
    say "DHCPv6 listens on $(cat "$POD_DIR/interfaces6.json")"
fi

[ -n "${PGHOST:-}" ] || exit 0

# kea-admin would ask a terminal for a password; libpq finds it in the service file.
admin() {
    command=$1
    shift
    kea-admin "$command" pgsql -h "$PGHOST" -P "$PGPORT" -u "$PGUSER" -n "$PGDATABASE" "$@" 2>&1 </dev/null
}

# The last lines of the script that makes a new schema say which version that is.
create=$SCRIPTS_DIR/pgsql/dhcpdb_create.pgsql
[ -r "$create" ] || give_up "this image has no $create: it lacks kea-admin's scripts, or they are elsewhere"
needed=$(sed -n "s/^.*SET version = '\([0-9][0-9]*\)', minor = '\([0-9][0-9]*\)'.*$/\1.\2/p" "$create" | tail -n 1)
[ -n "$needed" ] || give_up "$create does not say which schema it makes"

older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n | head -n 1)" = "$1" ]; }

# One line of what kea-admin and psql have to say: the error rather than the advice after it.
reason() {
    line=$(echo "$1" | sed -n -E 's/^.*(error|ERROR|FATAL): *//p' | head -n 1)
    [ -n "$line" ] || line=$(echo "$1" | sed '/^ *$/d' | tail -n 1)
    echo "$line"
}

last=
tell() {
    [ "$1" = "$last" ] || say "$1"
    last=$1
}

tries=${TRIES:-60}
while [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    code=0
    said=$(admin db-version) || code=$?
    found=$(echo "$said" | sed -n 's/^ *\([0-9][0-9]*\.[0-9][0-9]*\) *$/\1/p' | tail -n 1)
    if [ "$code" -eq 0 ] && [ -n "$found" ]; then
        older "$found" "$needed" && give_up "schema $found is older than $needed that this Kea needs"
        older "$needed" "$found" && give_up "schema $found is newer than $needed that this Kea needs"
        say "schema $found"
        exit 0
    fi
    # psql's 3: it is connected and the statement failed, so there is no schema. 2: no connection.
    if [ "$code" -eq 3 ]; then
        case $POD_NAME in
        *-0)
            say "the database is empty: making schema $needed"
            code=0
            said=$(admin db-init -d "$SCRIPTS_DIR") || code=$?
            [ "$code" -eq 0 ] && continue
            ;;
        *) said="waiting for the first server to make the database's schema" ;;
        esac
    fi
    tell "$(reason "$said")"
    sleep "${PAUSE:-2}"
done
die "gave up waiting for the database: ${last:-kea-admin says nothing}"
