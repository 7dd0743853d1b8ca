# Replies that come after their request has given up, or left, are never taken
# for the answer to another one.

use HC;
use HC::Steps;
use IO::Select;
use List::Util qw(min);
use Time::HiRes qw(time);

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_SLOW_PORT;
        timeout 50ms;
        connect_timeout 5s;
        connections 2;
    }
    server {
        listen 127.0.0.1:$TEST_NGINX_DEAD_PORT;
        location / {
            return 200 "body of $request_uri\n";
        }
    }
    add_header X-Cache $hc_cache_status always;
    add_header X-Tier $hc_cache_tier always;
_EOC_

our $config = <<'_EOC_';
    hc_cache z;
    hc_cache_l2 shared;
    hc_cache_valid 600s;
    hc_cache_l1_ttl 0;
    location / {
        proxy_pass http://127.0.0.1:$TEST_NGINX_DEAD_PORT;
    }
    location = /status {
        hc_cache off;
        hc_status;
    }
_EOC_


# What a busy machine did not store in time is asked for once more.

sub store {
    my ($keys) = @_;

    ok(wait_until(sub {
        get("/key$_") for 0 .. $keys - 1;
        return wait_until(sub { redis_keys($redis) == $keys }, 1);
    }, 60), 'stored');
}


# n requests for one of `keys` targets each, `wide` at once; a part of them,
# `leave`, leaves before the answer.  How many answers there were of each kind.

sub storm {
    my (%o) = @_;

    my %count = map { $_ => 0 } qw(right wrong left L2 origin silent);
    my $select = IO::Select->new;
    my ($sent, %open) = (0);
    my $end = time() + 60;

    while (($sent < $o{n} || %open) && time() < $end) {

        for ($sent + 1 .. min($o{n}, $sent + $o{wide} - keys %open)) {
            my $c = begin($o{keys}, $o{leave});
            $open{fileno $c->{socket}} = $c;
            $select->add($c->{socket});
            $sent++;
        }

        for my $s ($select->can_read(0.01)) {
            my $c = $open{fileno $s};
            next if sysread $s, $c->{got}, 65536, length $c->{got};

            $select->remove($s);
            delete $open{fileno $s};
            count(\%count, $c);
        }

        for my $fd (grep { $open{$_}{leave} && $open{$_}{leave} < time() }
                    keys %open)
        {
            $count{left}++;
            $select->remove($open{$fd}{socket});
            delete $open{$fd};
        }
    }

    $count{silent} += $o{n} - $sent + keys %open;

    return \%count;
}


sub begin {
    my ($keys, $leave) = @_;

    my $key = int rand $keys;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1:'
        . Test::Nginx::Util::server_port()) or die "connect: $!";

    syswrite $s, "GET /key$key HTTP/1.0\r\nHost: localhost\r\n\r\n";

    return { socket => $s, key => $key, got => '',
             leave => rand() < $leave ? time() + rand 0.1 : 0 };
}


sub count {
    my ($count, $c) = @_;

    my $got = answer($c->{got});

    if ($got->{code} == 0) {
        $count->{silent}++;
        return;
    }

    my $right = $got->{code} == 200
                && $got->{body} eq "body of /key$c->{key}\n";

    $count->{$right ? 'right' : 'wrong'}++;
    $count->{$got->{tier}}++;
}


# Storms over a slow Redis until there were n requests, and `some` of them hits,
# `some` late, and `some` left.  How slow it has to be for that depends on the
# machine: `most` of its delay is brought to where hits and late ones meet.

sub storms {
    my (%o) = @_;

    my %sum = (sent => 0, late => 0);
    my $most = $o{most};

    $sum{enough} = wait_until(sub {
        L2_works() or return;

        my $before = status_of(l2 => 'timeouts');
        $slow->delay($o{least}, $o{least} + $most);
        my $count = storm(%o, n => 300);
        $slow->delay(0);

        $count->{sent} = 300;
        $count->{late} = status_of(l2 => 'timeouts') - $before;
        $most *= $count->{L2} > $count->{late} ? 1.2 : 0.8;
        $sum{$_} += $count->{$_} for keys %$count;

        return $sum{sent} >= $o{n}
               && !grep { $sum{$_} < $o{some} } qw(L2 late left);
    }, 120);

    diag(join ' ', map { "$_ $sum{$_}" } sort keys %sum) if $ENV{HC_TELL};

    return \%sum;
}


sub L2_works {
    return wait_until(sub { get('/key7')->{tier} eq 'L2' }, 20);
}


# Whatever comes late: each has the answer to its own request, or none.

sub right_or_none {
    my ($sum) = @_;

    is($sum->{wrong}, 0, "$sum->{right} right answers, no wrong one");
    is($sum->{silent}, 0, 'nobody was left without an answer');
    ok($sum->{enough}, "$sum->{L2} from L2, $sum->{late} late, "
                       . "$sum->{left} left");
    is(status_of(l2 => 'bad_values'), 0, 'no value for another key');
    ok(wait_until(sub { status_of(l2 => 'in_flight') == 0 }), 'all is done');
}


# each of the 64 has three: its own, to the app, and the app's
worker_connections(1024);

plan('no_plan');
run_tests();

__DATA__

=== with a quick Redis the same requests are hits
--- uses: redis slow
--- http_config eval
(my $c = $main::http_config) =~ s/timeout 50ms/timeout 20s/; $c
--- steps
store(50);
my $count = storm(n => 500, keys => 50, wide => 20, leave => 0);
is($count->{wrong}, 0, 'no wrong answer');
is($count->{right}, 500, 'all answered');
is($count->{L2}, 500, 'from L2');


=== late replies with clients that leave: never the answer of another key
--- uses: redis slow
--- steps
my @pids = worker_pids();
store(200);
srand 5;
right_or_none(storms(n => 3000, some => 20, keys => 200, wide => 64,
                     leave => 0.2, least => 0, most => 0.15));
is_deeply([worker_pids()], \@pids, 'both workers live');
ok(L2_works(), 'L2 works again');


=== replies that are a little late now and then
--- uses: redis slow
--- steps
store(200);
srand 6;
right_or_none(storms(n => 1500, some => 50, keys => 200, wide => 32,
                     leave => 0.1, least => 0.02, most => 0.04));
