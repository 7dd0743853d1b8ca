package HC::Told;

# An app behind nginx that does as it is told, request by request.
#
#   my $app = HC::Told->start;            # $app->{port}
#
# It has one value, a number.  GET answers "value=3 target=/x?a=1\n", with the
# value as it was when the request came in; every other method adds one to it
# and answers the new one.  A request says in X-App how it is to be answered,
# words separated by spaces:
#
#   status=404        this status; with 4xx and 5xx the value stays
#   delay=0.3         this many seconds later
#   gate=name         not before $app->open_gate('name')
#   size=900000       a body of this many bytes, the usual line ahead
#   chunked           Transfer-Encoding: chunked
#   until_close       neither length nor chunks
#   cut=10            only so many bytes of the answer, then closes
#   reset             takes the request, then RST instead of an answer
#   close             as reset, but closes
#   silent            no answer until the other side leaves
#   header=Name:value one more header, "_" for a space
#   body=text         this body, and a line feed
#
# $app->requests are the request lines so far, $app->begun counts those, too, of
# which only the header is there, $app->seen are their headers.  A new test calls
# clear().

use strict;
use warnings;

use File::Path qw(remove_tree);
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER SOMAXCONN);
use Time::HiRes qw(sleep time);


sub start {
    my ($class, %o) = @_;

    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $o{port} || 0,
        Listen => SOMAXCONN, ReuseAddr => 1, Proto => 'tcp')
        or die "no port for the app: $!";

    my $self = bless {
        dir => $o{dir} || File::Temp::tempdir('hc-told.XXXXXX', TMPDIR => 1),
        port => $listener->sockport, owner => $$,
    }, $class;

    $self->{pid} = fork();
    die "cannot fork: $!" unless defined $self->{pid};

    if ($self->{pid} == 0) {
        setpgrp(0, 0);
        eval { $self->_accept($listener) };
        POSIX::_exit(0);
    }

    setpgrp($self->{pid}, $self->{pid});
    close $listener;

    return $self;
}


# Nobody listens then; what it knows stays, for resume().

sub pause {
    my $self = shift;

    my $pid = delete $self->{pid} or return;

    kill 'KILL', -$pid;
    waitpid $pid, 0;
}


sub resume {
    my $self = shift;

    my $again = HC::Told->start(port => $self->{port}, dir => $self->{dir});

    $self->{pid} = delete $again->{pid};
}


sub stop {
    my $self = shift;

    $self->pause;
    remove_tree($self->{dir});
}


sub clear {
    my $self = shift;

    unlink glob "$self->{dir}/*";
}


sub requests {
    my $self = shift;

    my @lines;

    if (open my $in, '<', "$self->{dir}/requests") {
        chomp(@lines = <$in>);
    }

    return @lines;
}


sub seen {
    my $self = shift;

    open my $in, '<', "$self->{dir}/seen" or return;
    local $/;

    return split /\r\n\r\n/, <$in>;
}


sub begun {
    my $self = shift;

    return -s "$self->{dir}/begun" || 0;
}


sub value {
    my $self = shift;

    return -s "$self->{dir}/value" || 0;
}


sub open_gate {
    my ($self, $name) = @_;

    _append($self->{dir}, "gate-$name", '.');
}


sub DESTROY {
    my $self = shift;

    local ($?, $!);
    $self->stop if $self->{pid} && $self->{owner} == $$;
}


sub _append {
    my ($dir, $name, $bytes) = @_;

    open my $out, '>>', "$dir/$name" or return;
    syswrite $out, $bytes;
}


sub _accept {
    my ($self, $listener) = @_;

    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';

    # until nobody is left who started it
    while (getppid() == $self->{owner}) {
        next unless IO::Select->new($listener)->can_read(1);

        my $socket = $listener->accept or next;

        next if fork();

        close $listener;
        eval { $self->_serve($socket) };
        POSIX::_exit(0);
    }
}


sub _serve {
    my ($self, $socket) = @_;

    my $got = '';

    while ($got !~ /\r\n\r\n/) {
        sysread($socket, $got, 65536, length $got) or return;
    }

    _append($self->{dir}, 'begun', '.');

    my ($head, $body) = split /\r\n\r\n/, $got, 2;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;

    while (length $body < ($length || 0)) {
        sysread($socket, $body, 65536, length $body) or return;
    }

    _append($self->{dir}, 'seen', "$head\r\n\r\n");

    my ($method, $target) = $head =~ m{^(\S+) (\S+)};
    my ($words) = $head =~ /^X-App: ([^\r\n]*)/mi;
    $words = '' unless defined $words;

    my %do = map { /^(\w+)=(.*)/ ? ($1, $2) : ($_, 1) } split / /, $words;
    my @headers = $words =~ /\bheader=(\S+)/g;

    $self->_answer($socket, $method, $target, \%do, \@headers);
}


sub _answer {
    my ($self, $socket, $method, $target, $do, $headers) = @_;

    my $status = $do->{status} || 200;

    if ($method !~ /^(?:GET|HEAD)$/ && $status < 400) {
        _append($self->{dir}, 'value', '.');
    }

    my $value = $self->value;

    _append($self->{dir}, 'requests', "$method $target\n");

    if (defined $do->{gate}) {
        my $end = time() + 20;
        sleep 0.005 until -e "$self->{dir}/gate-$do->{gate}" || time() > $end;
    }

    sleep $do->{delay} if $do->{delay};

    if ($do->{silent}) {
        1 while sysread $socket, my $rest, 65536;
        return;
    }

    if ($do->{reset}) {
        setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    }

    return if $do->{reset} || $do->{close};

    my $answer = _format($method, $status, "value=$value target=$target\n",
                         $do, $headers);

    $answer = substr $answer, 0, $do->{cut} if defined $do->{cut};

    while (length $answer) {
        my $n = syswrite $socket, $answer, 65536 or return;
        substr $answer, 0, $n, '';
    }
}


sub _format {
    my ($method, $status, $body, $do, $headers) = @_;

    if ($do->{size} && $do->{size} > length $body) {
        $body .= substr 'abcdefghijklmno' x ($do->{size} / 15 + 1), 0,
                        $do->{size} - length $body;
    }

    $body = "$do->{body}\n" if defined $do->{body};
    $body = '' if $status == 204 || $status == 304;

    my $head = "HTTP/1.1 $status Told\r\nConnection: close\r\n"
               . "Content-Type: text/plain\r\n";

    for (@$headers) {
        my ($name, $text) = split /:/, $_, 2;
        $text =~ tr/_/ /;
        $head .= "$name: $text\r\n";
    }

    if ($do->{chunked}) {
        $head .= "Transfer-Encoding: chunked\r\n";
        $body =~ s/(.{1,32000})/sprintf("%x\r\n", length $1) . "$1\r\n"/gse;
        $body .= "0\r\n\r\n";

    } elsif (!$do->{until_close} && $status != 204 && $status != 304) {
        $head .= 'Content-Length: ' . length($body) . "\r\n";
    }

    return "$head\r\n" . ($method eq 'HEAD' ? '' : $body);
}


1;
