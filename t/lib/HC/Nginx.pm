package HC::Nginx;

# An nginx of its own for plain Test::More scripts: those that signal it, kill
# its workers, load it from many processes, or change its configuration.
#
#   my $nginx = HC::Nginx->start(workers => 4, http => <<'END');
#       hc_zone zone=pages:4m;
#       server { listen 127.0.0.1:%PORT%; ... }
#   END
#
#   $nginx->reload(http => ...);       # returns when the new workers are there
#   $nginx->may_log(qr/exited on signal 9/);
#   $nginx->done;                      # stops it, asserts on error.log
#
# Parts of the configuration: main, http (text), workers (number), level (of
# error.log), user (of the workers, when started as root).  %NAME% in them becomes the value of `NAME => ...` given to
# start(); %PORT% is a free port, %DIR% the server's own directory.
#
# HC.pm has what else is needed: use HC (); HC::wait_until(...).

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Path qw(make_path);
use HC ();
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $FORBIDDEN = qr/\[(?:alert|emerg)\]|Sanitizer|runtime error:/;
my $COUNT = 0;
my %RUNNING;


sub start {
    my ($class, %part) = @_;

    my $dir = "$ENV{TEST_NGINX_SERVROOT}/nginx" . ++$COUNT;

    make_path("$dir/logs", "$dir/temp");
    $dir = abs_path($dir);

    my $self = bless {
        dir => $dir, port => HC::free_port(), may => [], owner => $$,
        part => { main => '', http => '', workers => 2, level => 'notice',
                  user => 'root' },
    }, $class;

    $self->configure(%part);
    $self->run;

    return $self;
}


sub port { return $_[0]{port} }
sub dir { return $_[0]{dir} }
sub master { return $_[0]{pid} }


# Writes nginx.conf anew with these parts changed.

sub configure {
    my ($self, %part) = @_;

    my $all = { %{ $self->{part} }, %part };
    $self->{part} = $all;

    my $temp = join ' ', map { "${_}_temp_path $self->{dir}/temp/$_;" }
                         qw(client_body proxy fastcgi uwsgi scgi);
    my $user = $> == 0 ? "user $all->{user};" : '';

    my $text = <<"END";
load_module $ENV{TEST_NGINX_LOAD_MODULES};
daemon off;
worker_processes $all->{workers};
pid logs/nginx.pid;
error_log logs/error.log $all->{level};
$user
$all->{main}
events { worker_connections 1024; }
http {
access_log off;
$temp
$all->{http}
}
END

    my %value = (%$all, PORT => $self->{port}, DIR => $self->{dir});
    $text =~ s/%([A-Z0-9_]+)%/$value{$1}/g;

    _write("$self->{dir}/nginx.conf", $text);
}


sub run {
    my $self = shift;

    my $binary = $ENV{TEST_NGINX_BINARY} || 'nginx';
    my $pid = fork();
    defined $pid or die "fork: $!";

    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{dir}/logs/stderr" or POSIX::_exit(1);
        open STDERR, '>&', \*STDOUT or POSIX::_exit(1);
        exec $binary, '-p', "$self->{dir}/", '-c', 'nginx.conf',
             '-e', 'logs/error.log' or POSIX::_exit(127);
    }

    $self->{pid} = $pid;
    $RUNNING{$pid} = $self;

    HC::wait_until(sub {
        waitpid($pid, POSIX::WNOHANG()) == 0
            or die "nginx did not start:\n" . $self->log;
        return $self->workers == $self->{part}{workers} && $self->answers;
    }) or die "nginx does not answer:\n" . $self->log;
}


sub answers {
    my $self = shift;

    return defined IO::Socket::INET->new(
        PeerAddr => "127.0.0.1:$self->{port}", Timeout => 1);
}


# Children of the master that live, those that shut down left out unless asked.

# Shadow memory takes terabytes of addresses.

sub is_sanitized {
    my ($self) = @_;
    my ($pid) = $self->workers;
    my ($kb) = _read("/proc/$pid/status") =~ /^VmSize:\s+(\d+)/m;

    return $kb > 1024 ** 3;
}


sub workers {
    my ($self, %o) = @_;
    my @pids;

    for my $stat (glob '/proc/[0-9]*/stat') {
        my $line = _read($stat);

        next if $line !~ /^(\d+) \(.*\) (\S) (\d+) /s
                || $3 != $self->{pid} || $2 eq 'Z';

        my $pid = $1;
        my $title = _read("/proc/$pid/cmdline");

        next if $title !~ /worker process/;
        next if !$o{all} && $title =~ /shutting down/;

        push @pids, $pid;
    }

    @pids = sort { $a <=> $b } @pids;

    return @pids;
}


sub signal {
    my ($self, $name) = @_;

    return kill $name => $self->{pid};
}


# Until there are as many new workers as configured; the old may still be busy.

sub reload {
    my ($self, %part) = @_;

    my %old = map { $_ => 1 } $self->workers;

    $self->configure(%part) if %part;
    $self->signal('HUP');

    return HC::wait_until(sub {
        my @now = $self->workers;
        return @now == $self->{part}{workers} && !grep { $old{$_} } @now;
    });
}


sub old_workers_are_gone {
    my ($self, $seconds) = @_;

    return HC::wait_until(sub {
        return $self->workers(all => 1) == $self->{part}{workers};
    }, $seconds);
}


# `nginx -t`: exit code and what it said.

sub test_configuration {
    my $self = shift;

    my $binary = $ENV{TEST_NGINX_BINARY} || 'nginx';
    my $said = `$binary -p $self->{dir}/ -c nginx.conf -e stderr -t 2>&1`;

    return ($? >> 8, $said);
}


# What an hc_status location says, decoded.

sub status {
    my ($self, $uri) = @_;

    my $answer = HC::http_get($uri || '/status', port => $self->{port});
    $answer =~ s/^.*?\r\n\r\n//s;

    return eval { JSON::PP->new->decode($answer) } || {};
}


sub zone { return $_[0]->status->{zones}{$_[1] || 'pages'} || {} }


sub log {
    my $self = shift;

    return join '', map { _read("$self->{dir}/logs/$_") }
                    qw(error.log stderr);
}


sub may_log {
    my ($self, @patterns) = @_;

    push @{ $self->{may} }, @patterns;
}


# 1: it ended in time.

sub stop {
    my ($self, $signal, $seconds) = @_;

    my $pid = delete $self->{pid} or return 1;

    kill $signal || 'QUIT' => $pid;

    my $ended = HC::wait_until(sub {
        waitpid($pid, POSIX::WNOHANG()) != 0
    }, $seconds);

    if (!$ended) {
        kill TERM => $pid;

        if (!HC::wait_until(sub { waitpid($pid, POSIX::WNOHANG()) != 0 }, 5)) {
            kill KILL => $pid;
            waitpid $pid, 0;
        }
    }

    delete $RUNNING{$pid};

    return $ended ? 1 : 0;
}


sub bad_lines {
    my $self = shift;

    my @bad = grep { /$FORBIDDEN/ } split /\n/, $self->log;

    for my $may (@{ $self->{may} }) {
        @bad = grep { $_ !~ $may } @bad;
    }

    return @bad;
}


sub done {
    my ($self, $name) = @_;

    $name = defined $name ? "$name: " : '';

    ok($self->stop, "${name}nginx stops when it is told to");

    my @bad = $self->bad_lines;

    is(scalar @bad, 0, "${name}error.log has nothing that was not declared")
        or diag(join "\n", @bad[0 .. ($#bad < 20 ? $#bad : 20)]);
}


sub _read {
    my ($file) = @_;

    open my $in, '<:raw', $file or return '';
    local $/;
    my $text = <$in>;

    return defined $text ? $text : '';
}


sub _write {
    my ($file, $text) = @_;

    open my $out, '>:raw', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}


END {
    my $rc = $?;

    for my $self (values %RUNNING) {
        $self->stop('TERM', 5) if $self->{owner} == $$;
    }

    $? = $rc;
}


1;
