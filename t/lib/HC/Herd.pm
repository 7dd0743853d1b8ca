package HC::Herd;

# Many clients that ask at once, each on a connection of its own.
#
#   my $herd = HC::Herd->new($port, 1000);       # connected
#   $herd->send('/page');                        # all of them ask
#   $herd->send(sub { my ($n) = @_; return ($uri, $headers) });
#   my @answers = $herd->answers;                # in the order of the clients
#
# An answer is { status, head, body, time }, whole by its Content-Length, or
# undef; time is when it was, by time().  $herd->leave closes all connections,
# $herd->leave(3) one of them.

use strict;
use warnings;

use Errno;
use IO::Poll qw(POLLIN);
use IO::Socket::INET;
use Time::HiRes qw(time);

use constant SECONDS => 60;           # for all answers together


sub new {
    my ($class, $port, $n) = @_;

    my @clients;

    for (1 .. $n) {
        my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port",
                                           Timeout => 20)
            or die "cannot connect: $!";

        push @clients, { socket => $socket, got => '' };
    }

    return bless { clients => \@clients }, $class;
}


sub send {
    my ($self, $what) = @_;
    my $n = 0;

    local $SIG{PIPE} = 'IGNORE';

    for my $client (@{ $self->{clients} }) {
        my ($uri, $headers, $method) = ref $what ? $what->($n++) : $what;

        $client->{method} = $method || 'GET';
        syswrite $client->{socket}, "$client->{method} $uri HTTP/1.1\r\n"
            . "Host: localhost\r\n"
            . ($client->{method} =~ /^P/ ? "Content-Length: 0\r\n" : '')
            . ($headers || '') . "\r\n";
    }
}


sub answers {
    my ($self, $seconds) = @_;

    my $poll = IO::Poll->new;
    my %open;
    my $end = time() + ($seconds || SECONDS);

    for my $client (@{ $self->{clients} }) {
        next if !$client->{socket};

        $client->{answer} = undef;
        $open{fileno $client->{socket}} = $client;
        $poll->mask($client->{socket} => POLLIN);
    }

    while (%open && time() < $end) {
        $poll->poll(0.1);

        for my $socket ($poll->handles(POLLIN | 0x18)) {
            my $fd = fileno $socket;

            if (_read($open{$fd})) {
                $poll->remove($socket);
                delete $open{$fd};
            }
        }
    }

    return map { $_->{answer} } @{ $self->{clients} };
}


# 1: no more is to come.

sub _read {
    my ($client) = @_;

    my $n = sysread $client->{socket}, $client->{got}, 65536,
                    length $client->{got};

    return $!{EINTR} ? 0 : 1 if !defined $n;
    return 1 if $n == 0;

    my ($head, $body) = split /\r\n\r\n/, $client->{got}, 2;
    return 0 if !defined $body;

    my ($length) = $head =~ /^Content-Length: *(\d+)/mi;
    $length = 0 if $client->{method} eq 'HEAD';

    return 0 if !defined $length || length $body < $length;

    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)};

    $client->{answer} = { status => $status, head => $head, time => time(),
                          body => substr $body, 0, $length };
    $client->{got} = substr $body, $length;

    return 1;
}


sub leave {
    my ($self, @which) = @_;

    my @clients = @{ $self->{clients} };

    for my $client (@which ? @clients[@which] : @clients) {
        close delete $client->{socket};
    }
}


1;
