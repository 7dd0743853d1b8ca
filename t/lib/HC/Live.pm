package HC::Live;

# An app that can be told at any time how to answer, and says what it was asked.
#
#   my $app = HC::Live->start;                   # on $app->port
#   $app->says('/page', 'cc=max-age=1 etag="a" body=one');
#   $app->asked('/page')      how many times, of a target that begins so
#   $app->requests('/page')   [{ uri, at, status, none_match, kind, cookie }]
#   $app->most('/page')       how many of them it had at once, at most
#   $app->release('/page'); $app->hold_again('/page');
#   $app->stop; $app->start;  the same port again
#
# The longest prefix of the target that it was told of counts.  Words:
# status=, body=, etag= (answers 304 to it), cc= (Cache-Control), vary=,
# cookie= (Set-Cookie), `hold` (until the release of that prefix), `reset`,
# `silent`, `garbage` (a header that is none).  _ stands for a space.  A body is
# followed by the value of X-Kind and, with `count`, by the number of the
# request.

use strict;
use warnings;

use File::Temp ();
use HC ();
use IO::Socket::INET;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER SOMAXCONN);
use Time::HiRes qw(sleep time);

use constant HOLD => 60;              # s, the most a held answer waits


sub start {
    my $self = shift;

    if (!ref $self) {
        $self = bless {
            port => HC::free_port(), owner => $$,
            dir => File::Temp::tempdir('hc-live.XXXXXX', TMPDIR => 1,
                                       CLEANUP => 1),
        }, $self;
    }

    my $listener = IO::Socket::INET->new(
        LocalAddr => "127.0.0.1:$self->{port}", Listen => SOMAXCONN,
        ReuseAddr => 1) or die "cannot listen on $self->{port}: $!";

    my $pid = fork();
    defined $pid or die "fork: $!";

    if ($pid == 0) {
        setpgrp(0, 0);
        eval { $self->_accept($listener) };
        POSIX::_exit(0);
    }

    setpgrp($pid, $pid);
    $self->{pid} = $pid;

    return $self;
}


sub port { return $_[0]{port} }


sub stop {
    my $self = shift;

    my $pid = delete $self->{pid} or return;

    kill KILL => -$pid;
    waitpid $pid, 0;
}


sub DESTROY {
    my $self = shift;

    local ($?, $!);
    $self->stop if $self->{owner} == $$;
}


# Whole or not at all for whoever reads it now.

sub says {
    my ($self, $prefix, $words) = @_;

    my $file = $self->_file('says', $prefix);
    _append("$file.new", "$prefix\n$words");
    rename "$file.new", $file;
}


sub release { _append($_[0]->_file('released', $_[1]), 'x') }
sub hold_again { unlink $_[0]->_file('released', $_[1]) }


sub requests {
    my ($self, $prefix) = @_;
    my @requests;

    for (split /\n/, _read("$self->{dir}/log")) {
        my ($uri, $at, $status, $none_match, $kind, $cookie) = split /\t/;
        push @requests, { uri => $uri, at => $at, status => $status,
                          none_match => $none_match, kind => $kind,
                          cookie => $cookie }
            if index($uri, $prefix) == 0;
    }

    return @requests;
}


sub asked { return scalar requests(@_) }


sub most {
    my ($self, $prefix) = @_;
    my ($now, $most) = (0, 0);

    for (split /\n/, _read("$self->{dir}/flow")) {
        my ($sign, $uri) = /^(.)(.*)/;

        next if index($uri, $prefix) != 0;
        $now += $sign eq '+' ? 1 : -1;
        $most = $now if $now > $most;
    }

    return $most;
}


sub _file {
    my ($self, $kind, $prefix) = @_;

    return "$self->{dir}/$kind." . unpack 'H*', $prefix;
}


sub _accept {
    my ($self, $listener) = @_;

    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';

    while (getppid() == $self->{owner}) {
        my $socket = $listener->accept or next;

        next if fork();

        close $listener;
        eval { $self->_serve($socket) };
        POSIX::_exit(0);
    }
}


# prefix and words for a target

sub _told {
    my ($self, $uri) = @_;
    my ($best, $words) = ('', '');

    for my $file (grep { !/\.new$/ } glob "$self->{dir}/says.*") {
        my ($prefix, $said) = split /\n/, _read($file), 2;

        ($best, $words) = ($prefix, $said)
            if defined $prefix && index($uri, $prefix) == 0
               && length $prefix > length $best;
    }

    return ($best, { map { /^(\w+)=(.*)/ ? ($1, $2 =~ tr/_/ /r) : ($_, 1) }
                     split / /, $words });
}


sub _serve {
    my ($self, $socket) = @_;
    my $got = '';

    until ($got =~ /\r\n\r\n/) {
        sysread($socket, $got, 65536, length $got) or return;
    }

    my ($uri) = $got =~ m{^\S+ (\S+) } or return;
    my ($prefix, $do) = $self->_told($uri);
    my %field = map { lc, $got =~ /^$_: *([^\r\n]*)/mi ? $1 : '' }
                qw(If-None-Match X-Kind Cookie);

    my $status = $do->{etag} && $field{'if-none-match'} eq $do->{etag}
                 ? 304 : $do->{status} || 200;

    _append("$self->{dir}/flow", "+$uri\n");
    _append("$self->{dir}/log", join("\t", $uri, time(), $status,
            @field{qw(if-none-match x-kind cookie)}) . "\n");

    $self->_answer($socket, $uri, $prefix, $status, $do, $field{'x-kind'});

    _append("$self->{dir}/flow", "-$uri\n");
}


sub _answer {
    my ($self, $socket, $uri, $prefix, $status, $do, $kind) = @_;

    if ($do->{hold}) {
        HC::wait_until(sub { -e $self->_file('released', $prefix) }, HOLD);
    }

    if ($do->{silent}) {
        1 while sysread $socket, my $rest, 65536;
        return;
    }

    if ($do->{reset}) {
        setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
        return;
    }

    my %name = (etag => 'ETag', cc => 'Cache-Control', vary => 'Vary',
                cookie => 'Set-Cookie');
    my $body = (defined $do->{body} ? $do->{body} : 'page') . " $kind";
    $body .= ' ' . $self->asked($uri) if $do->{count};

    my $text = "HTTP/1.1 $status Said\r\nConnection: close\r\n"
               . join('', map { "$name{$_}: $do->{$_}\r\n" }
                          grep { defined $do->{$_} } sort keys %name)
               . ($status == 304 ? "\r\n"
                  : 'Content-Length: ' . length($body) . "\r\n\r\n$body");

    $text = "HTTP/1.1 200 OK\r\n\0bad\r\n\r\n" if $do->{garbage};

    syswrite $socket, $text;
}


sub _append {
    my ($file, $text) = @_;

    open my $out, '>>', $file or die "$file: $!";
    syswrite $out, $text;
}


sub _read {
    my ($file) = @_;

    open my $in, '<', $file or return '';
    local $/;
    my $text = <$in>;

    return defined $text ? $text : '';
}


1;
