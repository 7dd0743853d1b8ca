# Replies that come after their request has given up, or left, are never taken
# for the answer to another one.

use HC;
use HC::Steps;
use IO::Select;
use Time::HiRes qw(time);

our $http_config = <<'_EOC_';
    hc_zone zone=z:8m;
    hc_l2 shared {
        server redis://127.0.0.1:$TEST_NGINX_SLOW_PORT;
        timeout 50ms;
        connect_timeout 500ms;
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


# $n requests for one of $keys targets each, $wide at once; a part of $leave
# leaves before the answer.  How many answers there were of each kind.

sub storm {
    my (%o) = @_;

    my %count = map { $_ => 0 } qw(right wrong left L2 origin silent);
    my $select = IO::Select->new;
    my (%open, $sent);
    my $end = time() + 60;

    while (($sent || 0) < $o{n} || %open) {
        last if time() > $end;

        while (($sent || 0) < $o{n} && keys %open < $o{wide}) {
            my $key = int rand $o{keys};
            my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1:'
                . Test::Nginx::Util::server_port()) or die "connect: $!";

            syswrite $s, "GET /key$key HTTP/1.0\r\nHost: localhost\r\n\r\n";
            $open{fileno $s} = { socket => $s, key => $key, got => '',
                leave => rand() < $o{leave} ? time() + rand 0.1 : 0 };
            $select->add($s);
            $sent++;
        }

        for my $s ($select->can_read(0.01)) {
            my $c = $open{fileno $s};
            next if sysread $s, $c->{got}, 65536, length $c->{got};

            $select->remove($s);
            delete $open{fileno $s};
            close $s;
            count(\%count, $c);
        }

        for my $fd (grep { $open{$_}{leave} && $open{$_}{leave} < time() }
                    keys %open)
        {
            $count{left}++;
            $select->remove($open{$fd}{socket});
            close((delete $open{$fd})->{socket});
        }
    }

    return \%count;
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


plan('no_plan');
run_tests();

__DATA__

=== with a quick Redis the same requests are hits
--- uses: redis slow
--- steps
get("/key$_") for 0 .. 49;
ok(l2_stored($redis, 50), 'stored');
my $count = storm(n => 500, keys => 50, wide => 20, leave => 0);
is($count->{wrong}, 0, 'no wrong answer');
is($count->{right}, 500, 'all answered');
cmp_ok($count->{L2}, '>=', 480, "$count->{L2} from L2");


=== late replies with clients that leave: never the answer of another key
--- uses: redis slow
--- timeout: 90
--- steps
get("/key$_") for 0 .. 199;
ok(l2_stored($redis, 200), 'stored');
srand 5;
$slow->delay(0, 0.15);
my $count = storm(n => 3000, keys => 200, wide => 64, leave => 0.2);
$slow->delay(0);
diag(join ' ', map { "$_ $count->{$_}" } sort keys %$count) if $ENV{HC_TELL};
is($count->{wrong}, 0, "$count->{right} right answers, no wrong one");
is($count->{silent}, 0, 'nobody was left without an answer');
cmp_ok($count->{right}, '>', 2000, 'most stayed');
cmp_ok($count->{left}, '>', 100, "$count->{left} left");
cmp_ok($count->{L2}, '>', 0, "$count->{L2} from L2");
cmp_ok(status_of(l2 => 'timeouts'), '>', 5, 'some came late');
is(status_of(l2 => 'bad_values'), 0, 'no value for another key');
ok(wait_until(sub { status_of(l2 => 'in_flight') == 0 }), 'all is done');
is(scalar(my @pids = worker_pids()), 2, 'both workers live');
ok(wait_until(sub { get('/key7')->{tier} eq 'L2' }), 'L2 works again');


=== replies that are a little late now and then
--- uses: redis slow
--- timeout: 90
--- steps
get("/key$_") for 0 .. 199;
ok(l2_stored($redis, 200), 'stored');
srand 6;
$slow->delay(0.02, 0.06);
my $count = storm(n => 1500, keys => 200, wide => 32, leave => 0.1);
$slow->delay(0);
diag(join ' ', map { "$_ $count->{$_}" } sort keys %$count) if $ENV{HC_TELL};
is($count->{wrong}, 0, "$count->{right} right answers, no wrong one");
is($count->{silent}, 0, 'nobody was left without an answer');
cmp_ok($count->{L2}, '>', 200, "$count->{L2} from L2");
cmp_ok(status_of(l2 => 'timeouts'), '>', 20, 'some came late');
is(status_of(l2 => 'bad_values'), 0, 'no value for another key');
ok(wait_until(sub { status_of(l2 => 'in_flight') == 0 }), 'all is done');
