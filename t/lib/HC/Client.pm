package HC::Client;

# A client for load: keeps its connection, and checks what it is sent.
#
#   my $client = HC::Client->new($port, keep => 1);
#   my $answer = $client->get('/uri', "Name: value\r\n");
#
# The answer is { status, head, body }, whole by its own framing, or undef when
# anything went wrong: refused, reset, cut, late.  $client->dropped says of the
# last undef that a kept connection was closed before any byte of the answer,
# as the other side may do at any time.
#
#   my @got = HC::Client->crowd(8, sub { my ($n) = @_; ...; return { ... } });
#
# runs that in as many processes at once, and returns what each returned; undef
# for one that died.  With `while => sub { ... }` last, that is run meanwhile.

use strict;
use warnings;

use Errno;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Socket qw(SOL_SOCKET SO_RCVTIMEO SO_RCVBUF IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);


sub new {
    my ($class, $port, %o) = @_;

    return bless { port => $port, timeout => 60, %o, rest => '' }, $class;
}


sub connect {
    my $self = shift;

    my @buffer = $self->{rcvbuf} ? ([SOL_SOCKET, SO_RCVBUF, $self->{rcvbuf}])
                                 : ();

    $self->{rest} = '';
    $self->{answers} = 0;
    $self->{socket} = IO::Socket::INET->new(
        PeerAddr => "127.0.0.1:$self->{port}", Timeout => 30,
        Sockopts => [@buffer]) or return;

    setsockopt $self->{socket}, IPPROTO_TCP, TCP_NODELAY, 1;
    setsockopt $self->{socket}, SOL_SOCKET, SO_RCVTIMEO,
               pack('l!l!', $self->{timeout}, 0);

    return 1;
}


sub close { delete $_[0]{socket} }


sub get {
    my ($self, $uri, $headers) = @_;

    return $self->ask('GET', $uri, $headers);
}


sub ask {
    my ($self, $method, $uri, $headers) = @_;

    $self->send($method, $uri, $headers) or return $self->fail;

    return $self->answer($method);
}


# The request alone; answer() or bytes() then read.

sub send {
    my ($self, $method, $uri, $headers) = @_;

    local $SIG{PIPE} = 'IGNORE';

    $self->{socket} || $self->connect or return;

    my $text = "$method $uri HTTP/1.1\r\nHost: localhost\r\n"
               . ($self->{keep} ? '' : "Connection: close\r\n")
               . ($method =~ /^P/ ? "Content-Length: 0\r\n" : '')
               . (defined $headers ? $headers : '') . "\r\n";

    return (syswrite($self->{socket}, $text) || 0) == length $text;
}


sub answer {
    my ($self, $method) = @_;

    until ($self->{rest} =~ /\r\n\r\n/) {
        $self->more or return $self->fail;
    }

    my ($head, $rest) = split /\r\n\r\n/, $self->{rest}, 2;
    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)} or return $self->fail;
    $self->{rest} = $rest;

    my $body = $method eq 'HEAD' || $status =~ /^(?:1|204|304)/ ? ''
             : $head =~ /^Content-Length: *(\d+)/mi ? $self->bytes($1)
             : $head =~ /^Transfer-Encoding: *chunked/mi ? $self->chunks
             : undef;

    defined $body or return $self->fail;
    $self->{answers}++;

    # the end of the connection, too: by then the other side has done with it
    if (!$self->{keep}) {
        1 while $self->more;
    }

    $self->close if !$self->{keep} || $head =~ /^Connection: *close/mi;

    return { status => $status, head => $head, body => $body };
}


sub fail {
    my $self = shift;

    $self->{dropped} = $self->{answers} && !length $self->{rest};
    $self->close;

    return;
}


sub dropped { return $_[0]{dropped} }


# The next n bytes.

sub bytes {
    my ($self, $n) = @_;

    while (length $self->{rest} < $n) { $self->more or return }

    return substr $self->{rest}, 0, $n, '';
}


sub chunks {
    my $self = shift;
    my $body = '';

    while (1) {
        until ($self->{rest} =~ s/^([0-9a-fA-F]+)\r\n//) {
            $self->more or return;
        }

        my $size = hex $1;
        my $chunk = $self->bytes($size + 2);
        defined $chunk && $chunk =~ /\r\n\z/ or return;

        return $body if $size == 0;
        $body .= substr $chunk, 0, $size;
    }
}


sub more {
    my $self = shift;

    while ($self->{socket}) {
        my $n = sysread $self->{socket}, $self->{rest}, 65536,
                        length $self->{rest};

        return $n if defined $n || !$!{EINTR};
    }

    return;
}


sub crowd {
    my ($class, $n, $code, %o) = @_;
    my @readers;

    for my $i (1 .. $n) {
        pipe my $in, my $out or die "pipe: $!";

        my $pid = fork();
        defined $pid or die "fork: $!";

        if ($pid == 0) {
            CORE::close $in;
            my $value = eval { $code->($i) };
            print STDERR $@ if $@;
            print $out JSON::PP->new->encode([$value]);
            CORE::close $out;
            POSIX::_exit(0);
        }

        CORE::close $out;
        push @readers, [$pid, $in];
    }

    $o{while}->() if $o{while};

    return map {
        my ($pid, $in) = @$_;
        local $/;
        my $text = <$in>;
        waitpid $pid, 0;
        $text ? JSON::PP->new->decode($text)->[0] : undef;
    } @readers;
}


1;
