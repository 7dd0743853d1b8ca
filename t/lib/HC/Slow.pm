package HC::Slow;

# Stands ahead of a real server and lets its replies pass later.
#
#   my $slow = HC::Slow->start(to => $port);     # $slow->{port}
#   $slow->delay(0.3);        # every reply, from now on
#   $slow->delay(0, 0.15);    # each by a time of its own in between
#   $slow->hold;              # none, until the next delay()
#   $slow->stop;
#
# What is sent passes at once and in order, and so do replies among each
# other: it is slow, not wrong.

use strict;
use warnings;

use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(SOMAXCONN);
use Time::HiRes qw(sleep time);

use constant HELD => 9 ** 9 ** 9;


sub start {
    my ($class, %o) = @_;

    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => 0, Listen => SOMAXCONN, ReuseAddr => 1)
        or die "no port: $!";

    my $self = bless { %o, port => $listener->sockport, owner => $$,
        file => File::Temp->new(TEMPLATE => 'hc-slow.XXXXXX', TMPDIR => 1) },
        $class;

    $self->delay(0);
    $self->{pid} = fork();
    die "cannot fork: $!" unless defined $self->{pid};

    if ($self->{pid} == 0) {
        $SIG{PIPE} = 'IGNORE';
        eval { $self->_run($listener) };
        POSIX::_exit(0);
    }

    close $listener;

    return $self;
}


sub delay {
    my ($self, $least, $most) = @_;

    my $name = $self->{file}->filename;

    open my $out, '>', "$name.new" or die $!;
    print $out "$least ", defined $most ? $most : $least, "\n";
    close $out;
    rename "$name.new", $name or die $!;
}


# Those that are held leave with the next delay, and not before it.

sub hold { $_[0]->delay('hold') }


sub stop {
    my $self = shift;

    my $pid = delete $self->{pid} or return;

    kill KILL => $pid;
    waitpid $pid, 0;
}


sub DESTROY {
    my $self = shift;

    local ($?, $!);
    $self->stop if $self->{pid} && $self->{owner} == $$;
}


sub _delay {
    my $self = shift;

    open my $in, '<', $self->{file}->filename or return 0;
    my ($least, $most) = split ' ', <$in>;

    return HELD if $least eq 'hold';
    return $most > $least ? $least + rand($most - $least) : $least;
}


sub _run {
    my ($self, $listener) = @_;

    my $select = IO::Select->new($listener);
    my %pair;               # fileno -> its other side and what waits for it

    # until nobody is left who started it
    while (getppid() == $self->{owner}) {
        my $now = time();
        my $next = 1;

        for my $c (values %pair) {
            $self->_let_go($c, $now);

            while (@{ $c->{late} } && $c->{late}[0][0] <= $now) {
                _write($c->{to}, (shift @{ $c->{late} })->[1]);
            }

            if (@{ $c->{late} } && $c->{late}[0][0] - $now < $next) {
                $next = $c->{late}[0][0] - $now;
            }

            $next = 0.01 if $c->{due} == HELD && $next > 0.01;
        }

        for my $s ($select->can_read($next)) {
            if ($s == $listener) {
                $self->_accept($listener, $select, \%pair);

            } elsif (defined fileno $s && $pair{fileno $s}) {
                $self->_pass($s, $select, \%pair);
            }
        }
    }
}


sub _let_go {
    my ($self, $c, $now) = @_;

    return if $c->{due} != HELD || $self->_delay == HELD;

    for my $reply (grep { $_->[0] == HELD } @{ $c->{late} }) {
        $reply->[0] = $now;
    }

    $c->{due} = $now;
}


sub _accept {
    my ($self, $listener, $select, $pair) = @_;

    my $client = $listener->accept or return;
    my $server = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{to}",
                                       Timeout => 20)
        or return;

    $pair->{fileno $client} = { to => $server, late => [], due => 0 };
    $pair->{fileno $server} = { to => $client, late => [], due => 0,
                                replies => 1 };
    $select->add($client, $server);
}


sub _pass {
    my ($self, $s, $select, $pair) = @_;

    my $c = $pair->{fileno $s};

    if (!sysread $s, my $bytes, 65536) {
        for my $side ($s, $c->{to}) {
            delete $pair->{fileno $side};
            $select->remove($side);
        }

        close $c->{to};
        close $s;

    } elsif (!$c->{replies}) {
        _write($c->{to}, $bytes);

    } else {
        my $due = time() + $self->_delay;
        $c->{due} = $due if $due > $c->{due};
        push @{ $c->{late} }, [$c->{due}, $bytes];
    }
}


sub _write {
    my ($s, $bytes) = @_;

    while (length $bytes) {
        my $n = syswrite $s, $bytes or return;
        substr $bytes, 0, $n, '';
    }
}


1;
