package HC::App;

# An app that counts what it is asked, and says in every line of a body which
# version of which page this is.
#
#   my $app = HC::App->start;                    # on $app->port
#   GET /page?size=70000&delay=100&status=500
#   GET /page?hold=1         sends one half, the other after $app->release
#   POST /page?gate=1        answers after $app->release; all but GET
#   GET /page?wait=word      sends nothing until $app->release('word')
#   GET /page?cut=1          sends one half and closes
#   GET /page?echo=Cookie    its body is that field of the request
#   $app->behave('wait=word&status=502');  such arguments, for all GETs from
#                            now on; those of a target count more
#   $app->askers             X-Pid of all GETs so far, in their order
#   $app->set('two');        from now on the version of all pages
#   POST /page?set=three     the same, by a request; size counts there, too
#   $app->count(qr{^/page})  how many GETs there were; without a pattern: all
#   $app->stop; $app->start; the same port again
#
#   HC::App::version_of($body, $uri)     undef unless the whole body is sound
#
# Answers have Content-Length, and `headers=` (%-escaped lines) beside it.

use strict;
use warnings;

use Errno;
use Fcntl qw(O_APPEND O_CREAT O_WRONLY);
use File::Temp ();
use HC ();
use IO::Socket::INET;
use POSIX ();
use Socket qw(SOL_SOCKET SO_RCVTIMEO SOMAXCONN);
use Time::HiRes qw(sleep time);

use constant HOLD => 30;              # s, the most a held answer waits
use constant SIZE => 200;             # of a body that asks for none


sub start {
    my $self = shift;

    if (!ref $self) {
        $self = bless {
            port => HC::free_port(), owner => $$,
            dir => File::Temp::tempdir('hc-app.XXXXXX', TMPDIR => 1,
                                       CLEANUP => 1),
        }, $self;

        $self->set('one');
        _append("$self->{dir}/log", '');
    }

    my $listener = IO::Socket::INET->new(
        LocalAddr => "127.0.0.1:$self->{port}", Listen => SOMAXCONN,
        ReuseAddr => 1) or die "cannot listen on $self->{port}: $!";

    my $pid = fork();
    defined $pid or die "fork: $!";

    if ($pid == 0) {
        setpgrp(0, 0);
        eval { $self->accept($listener) };
        POSIX::_exit(0);
    }

    setpgrp($pid, $pid);
    $self->{pid} = $pid;

    return $self;
}


sub port { return $_[0]{port} }


# Its own process group: itself and its connections.

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


sub set {
    my ($self, $version) = @_;

    _replace("$self->{dir}/version", $version);
}


sub release { _append("$_[0]{dir}/released" . ($_[1] || ''), 'x') }
sub hold_again { unlink "$_[0]{dir}/released" . ($_[1] || '') }

sub behave { _replace("$_[0]{dir}/args", $_[1]) }

sub askers { return split /\n/, _read("$_[0]{dir}/askers") }


sub count {
    my ($self, $pattern) = @_;

    my @lines = split /\n/, _read("$self->{dir}/log");

    return scalar grep { !defined $pattern || /$pattern/ } @lines;
}


sub body_of {
    my ($version, $uri, $size) = @_;

    my $line = "$version $uri\n";
    my $body = $line x (1 + $size / length $line);

    return substr $body, 0, $size;
}


sub version_of {
    my ($body, $uri) = @_;

    my ($version) = $body =~ /^(\S+) \Q$uri\E\n/ or return;
    my ($size) = $uri =~ /size=(\d+)/;

    return $body eq body_of($version, $uri, $size || SIZE) ? $version : undef;
}


sub accept {
    my ($self, $listener) = @_;

    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';

    while (1) {
        my $socket = $listener->accept or next;

        # nobody is left when whoever started this is gone
        POSIX::_exit(0) if getppid() == 1;

        next if fork();

        CORE::close $listener;
        setsockopt $socket, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', HOLD, 0);
        eval { 1 while $self->serve($socket) };
        POSIX::_exit(0);
    }
}


sub serve {
    my ($self, $socket) = @_;
    my $got = '';

    until ($got =~ /\r\n\r\n/) {
        sysread($socket, $got, 65536, length $got) or $!{EINTR} or return;
    }

    my ($method, $uri) = $got =~ m{^(\S+) (\S+) HTTP/1\.} or return;
    my $args = '&' . _read("$self->{dir}/args") . "&$uri";
    my %arg = $args =~ /[?&](\w+)=([^&]*)/g;

    if ($method eq 'GET' && $got =~ /^X-Pid: (\d+)/m) {
        _append("$self->{dir}/askers", "$1\n");
    }

    _append("$self->{dir}/log", $method eq 'GET' ? "$uri\n" : "$method $uri\n");

    $self->_released($arg{wait}) if $arg{wait} && $method eq 'GET';
    sleep $arg{delay} / 1000 if $arg{delay} && $method eq 'GET';
    $self->_released if $arg{gate} && $method ne 'GET';
    $self->set($arg{set}) if $arg{set};

    my $version = _read("$self->{dir}/version");
    my $body = body_of($version, $uri, $arg{size} || SIZE);

    if ($arg{echo}) {
        $body = $got =~ /^\Q$arg{echo}\E: ([^\r]*)/mi ? $1 : '';
    }

    my $more = defined $arg{headers} ? $arg{headers} : '';
    $more =~ s/%([0-9a-fA-F]{2})/chr hex $1/ge;

    my $text = 'HTTP/1.1 ' . ($arg{status} || 200) . " Said\r\n"
               . "Content-Type: text/plain\r\n$more"
               . 'Content-Length: ' . length($body) . "\r\n\r\n"
               . ($method eq 'HEAD' ? '' : $body);

    if ($arg{hold} && $method eq 'GET') {
        _send($socket, substr $text, 0, length($text) / 2, '') or return;
        $self->_released;
    }

    if ($arg{cut} && $method eq 'GET') {
        substr $text, -length($body) / 2, length $body, '';
        _send($socket, $text);
        return;
    }

    _send($socket, $text) or return;

    return $got =~ /^Connection: *close/mi || $got =~ m{ HTTP/1\.0\r} ? 0 : 1;
}


sub _released {
    my ($self, $word) = @_;

    my $file = "$self->{dir}/released" . ($word || '');

    return HC::wait_until(sub { -e $file }, HOLD);
}


sub _send {
    my ($socket, $text) = @_;

    while (length $text) {
        my $n = syswrite $socket, $text or return;
        substr $text, 0, $n, '';
    }

    return 1;
}


sub _append {
    my ($file, $text) = @_;

    sysopen my $out, $file, O_WRONLY | O_APPEND | O_CREAT or die "$file: $!";
    syswrite $out, $text;
}


# Whole or not at all for whoever reads it now.

sub _replace {
    my ($file, $text) = @_;

    _append("$file.$$", $text);
    rename "$file.$$", $file;
}


sub _read {
    my ($file) = @_;

    open my $in, '<', $file or return '';
    local $/;
    my $text = <$in>;

    return defined $text ? $text : '';
}


1;
