package HC::Peer;

# A server that misbehaves as told, for tests of what talks to one.
#
#   my $peer = HC::Peer->start(
#       listen => "127.0.0.1:$port",          # or "unix:/path"
#       record => $file,                      # what it was sent, all of it
#       script => [
#           [ { reply => "\$-1\r\n" }, { end => 'rst' } ],   # 1st connection
#           [ { commands => 2, delay => 0.1, reply => $bytes, cut => 7 } ],
#       ],
#       life => 120,                          # seconds, the most it lives
#   );
#   ...
#   $peer->stop;
#
# A connection plays its list of steps; the last list is for all further
# connections.  One step, in this order:
#
#   commands => n     waits for n more whole RESP commands (default 1)
#   bytes    => n     waits for n more bytes instead; 0: does not wait
#   delay    => s     sleeps
#   reply    => text  sends it; code: called with the bytes received so far
#   every    => s     sends the reply byte by byte, one every s seconds
#   cut      => n     sends only the first n bytes, then closes
#   end      => how   'close', 'rst', 'half' (sends FIN, goes on reading)
#
# loop => 1 plays the list again and again.  A connection that has played its
# list says nothing more and reads until the other side closes.  Nothing waits
# longer than life; stop() and the end of the test end it earlier.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER SOMAXCONN);
use Time::HiRes qw(time sleep);


sub start {
    my ($class, %arg) = @_;

    my $self = bless {
        life => 120, script => [[]], record => '/dev/null', %arg
    }, $class;

    my $listener = $self->_listen;

    $self->{pid} = fork();
    die "cannot fork: $!" unless defined $self->{pid};

    if ($self->{pid} == 0) {
        $self->{deadline} = time() + $self->{life};
        setpgrp(0, 0);
        eval { $self->_accept($listener) };
        POSIX::_exit(0);
    }

    # also from here, whoever comes first: stop() must find the group
    setpgrp($self->{pid}, $self->{pid});

    $self->{owner} = $$;
    close $listener;

    return $self;
}


sub stop {
    my $self = shift;

    my $pid = delete $self->{pid} or return;

    # its own process group: itself and its connections
    kill 'KILL', -$pid;
    waitpid $pid, 0;

    unlink $1 if $self->{listen} =~ /^unix:(.+)/;
}


sub recorded {
    my $self = shift;

    open my $fh, '<:raw', $self->{record} or return '';
    local $/;
    my $all = <$fh>;

    return defined $all ? $all : '';
}


# Waits until what was recorded matches; returns it, or undef after $seconds.

sub wait_for {
    my ($self, $pattern, $seconds) = @_;

    my $until = time() + ($seconds || 30);

    while (time() < $until) {
        my $all = $self->recorded;
        return $all if $all =~ $pattern;
        sleep 0.01;
    }

    return undef;
}


# The whole RESP commands in $bytes, each an array of words.

sub commands {
    my ($class, $bytes) = @_;

    my @commands;

    COMMAND:
    while ($bytes =~ /\G\*(\d+)\r\n/gc) {
        my ($n, @words) = ($1);

        for (1 .. $n) {
            last COMMAND unless $bytes =~ /\G\$(\d+)\r\n/gc;
            my $from = pos $bytes;
            last COMMAND if length($bytes) < $from + $1 + 2;
            push @words, substr $bytes, $from, $1;
            pos($bytes) = $from + $1 + 2;
        }

        push @commands, \@words;
    }

    return @commands;
}


sub DESTROY {
    my $self = shift;

    local ($?, $!);
    $self->stop if $self->{pid} && $self->{owner} && $self->{owner} == $$;
}


sub _listen {
    my $self = shift;

    my $listener;

    if ($self->{listen} =~ /^unix:(.+)/) {
        unlink $1;
        $listener = IO::Socket::UNIX->new(Local => $1, Listen => SOMAXCONN);
        chmod 0666, $1;

    } else {
        $listener = IO::Socket::INET->new(LocalAddr => $self->{listen},
            Listen => SOMAXCONN, ReuseAddr => 1, Proto => 'tcp');
    }

    die "cannot listen on $self->{listen}: $!" unless $listener;

    return $listener;
}


# A process per connection: they misbehave independently.

sub _accept {
    my ($self, $listener) = @_;

    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';

    open my $record, '>>:raw', $self->{record} or die $!;
    $record->autoflush(1);

    my $select = IO::Select->new($listener);
    my $script = $self->{script};
    my $n = 0;

    while ((my $left = $self->{deadline} - time()) > 0) {
        next unless $select->can_read($left);

        my $socket = $listener->accept or next;
        my $steps = $script->[$n < @$script ? $n : -1];
        $n++;

        next if fork();

        close $listener;
        my $c = { socket => $socket, record => $record, got => '',
            used => 0, deadline => $self->{deadline} };
        eval { _play($c, $steps, $self->{loop}) };
        POSIX::_exit(0);
    }
}


sub _play {
    my ($c, $steps, $loop) = @_;

    do {
        for my $step (@$steps) {
            _wait($c, $step) or return;
            sleep $step->{delay} if $step->{delay};
            _send($c, $step);
            _end($c, $step) and return;
        }
    } while ($loop && @$steps);

    1 while _read($c);
}


sub _wait {
    my ($c, $step) = @_;

    if (defined $step->{bytes}) {
        my $until = $c->{used} + $step->{bytes};
        while (length $c->{got} < $until) { _read($c) or return 0 }
        $c->{used} = $until;
        return 1;
    }

    my $want = defined $step->{commands} ? $step->{commands} : 1;

    while (1) {
        my $rest = substr $c->{got}, $c->{used};
        my $size = _size($rest, $want);

        if (defined $size) {
            $c->{used} += $size;
            return 1;
        }

        _read($c) or return 0;
    }
}


# How many bytes the first $n commands take, undef if they are not all there.

sub _size {
    my ($bytes, $n) = @_;

    my $size = 0;

    for (1 .. $n) {
        $bytes =~ /\G\*(\d+)\r\n/gc or return undef;

        for (1 .. $1) {
            $bytes =~ /\G\$(\d+)\r\n/gc or return undef;
            my $end = pos($bytes) + $1 + 2;
            return undef if $end > length $bytes;
            pos($bytes) = $end;
        }

        $size = pos $bytes;
    }

    return $size;
}


sub _read {
    my $c = shift;

    my $left = $c->{deadline} - time();
    return 0 if $left <= 0;
    return 0 unless IO::Select->new($c->{socket})->can_read($left);

    my $n = sysread $c->{socket}, my $chunk, 65536;
    return 0 unless $n;

    syswrite $c->{record}, $chunk;
    $c->{got} .= $chunk;

    return 1;
}


sub _send {
    my ($c, $step) = @_;

    my $reply = $step->{reply};
    $reply = $reply->($c->{got}) if ref $reply;
    return unless defined $reply;

    $reply = substr $reply, 0, $step->{cut} if defined $step->{cut};

    if (!$step->{every}) {
        _write($c, $reply);
        return;
    }

    for my $byte (split //, $reply) {
        _write($c, $byte) or return;
        sleep $step->{every};
    }
}


sub _write {
    my ($c, $bytes) = @_;

    while (length $bytes) {
        my $left = $c->{deadline} - time();
        return 0 if $left <= 0;
        return 0 unless IO::Select->new($c->{socket})->can_write($left);

        my $n = syswrite $c->{socket}, $bytes, 65536;
        return 0 unless $n;
        substr $bytes, 0, $n, '';
    }

    return 1;
}


sub _end {
    my ($c, $step) = @_;

    my $how = $step->{end} || (defined $step->{cut} ? 'close' : '');

    if ($how eq 'half') {
        shutdown $c->{socket}, 1;
        return 0;
    }

    return 0 unless $how;

    if ($how eq 'rst') {
        setsockopt $c->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    }

    close $c->{socket};

    return 1;
}


1;
