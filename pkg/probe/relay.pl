use strict;
use Socket qw(AF_INET AF_INET6 SOCK_DGRAM inet_pton pack_sockaddr_in pack_sockaddr_in6);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

# Passes datagrams on. A line of the input is: number, address, port, packet in hex. The lines of the output are: sent,
# number, microseconds; failed, number, reason; received, microseconds, packet in hex.
sub now { int(1e6 * clock_gettime(CLOCK_MONOTONIC)) }
sub say_line { syswrite(STDOUT, join(' ', @_) . "\n") or exit 1 }

my (%sockets, $input);
sub socket_of {
    my $family = shift;
    return $sockets{$family} if $sockets{$family};
    socket(my $s, $family, SOCK_DGRAM, 0) or return;
    $sockets{$family} = $s;
}

sub pass_on {
    my ($number, $address, $port, $hex) = split / /, shift;
    my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
    my $raw = inet_pton($family, $address);
    my $to = $family == AF_INET6 ? pack_sockaddr_in6($port, $raw) : pack_sockaddr_in($port, $raw);
    my $s = socket_of($family);
    my $at = now();
    if ($s && defined send($s, pack('H*', $hex), 0, $to)) { say_line('sent', $number, $at) }
    else { say_line('failed', $number, "$!") }
}

$input = '';
while (1) {
    my $ready = '';
    vec($ready, $_, 1) = 1 for fileno(STDIN), map { fileno $_ } values %sockets;
    select($ready, undef, undef, undef) > 0 or next;
    for my $s (values %sockets) {
        next unless vec($ready, fileno($s), 1);
        my $packet;
        say_line('received', now(), unpack('H*', $packet)) if defined recv($s, $packet, 65535, 0);
    }
    if (vec($ready, fileno(STDIN), 1)) {
        sysread(STDIN, $input, 65536, length $input) or exit 0;
        pass_on($1) while $input =~ s/^([^\n]*)\n//;
    }
}
