# Keys of every length: what is too long is passed by, never cut.

use HC;
use HC::Echo;

add_block_preprocessor(sub {
    $_[0]->set_value('http_config', <<'END');
    large_client_header_buffers 4 128k;
    hc_zone zone=large:32m;
END
});

plan('no_plan');
run_tests();

__DATA__

=== keys of 1 to 65535 bytes are hits, longer ones are passed by
--- config
    location / {
        hc_cache large;
        hc_cache_key $http_x_key;
        hc_cache_valid 200 1m;
        proxy_set_header X-Key "";
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
X-Key: first
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
for my $n (1 .. 3, 63 .. 66, 127 .. 129, 249 .. 257, 1023 .. 1025, 4095 .. 4097,
           32767 .. 32769, 65534, 65535)
{
    my $headers = 'X-Key: ' . ('k' x $n) . "\r\nX-Id: $n";
    my $first = http_get('/a', headers => "$headers-1\r\n");
    my $second = http_get('/a', headers => "$headers-2\r\n");

    like($first, qr/^X-Cache: MISS\r.*^$n-1$/ms, "$n bytes, first");
    like($second, qr/^X-Cache: HIT\r.*^$n-1$/ms, "$n bytes, second");
}

for my $n (65536, 65537, 66000, 70000, 65536 + 5) {
    my $headers = 'X-Key: ' . ('k' x $n) . "\r\nX-Id: $n";

    for my $i (1, 2) {
        my $answer = http_get('/a', headers => "$headers-$i\r\n");

        like($answer, qr/^X-Cache: BYPASS\r.*^$n-$i$/ms, "$n bytes, $i");
        like($answer, qr/^X-Reason: key-too-long\r/m, "$n bytes, $i, why");
    }
}


=== a target of 65000 bytes is a hit, one of 70000 is passed by
--- config
    location / {
        hc_cache large;
        hc_cache_valid 200 1m;
        proxy_buffer_size 256k;
        proxy_buffers 8 256k;
        proxy_busy_buffers_size 512k;
        proxy_pass http://origin;
    }
--- request eval
["GET /short", "GET /short"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
my %want = (1000 => 'HIT', 8000 => 'HIT', 30_000 => 'HIT', 70_000 => 'BYPASS');

for my $n (sort { $a <=> $b } keys %want) {
    my $uri = '/' . ('u' x $n);

    http_get($uri, headers => "X-Id: 1\r\n");
    my $second = http_get($uri, headers => "X-Id: 2\r\n");
    my $id = $want{$n} eq 'HIT' ? 1 : 2;

    like($second, qr/^X-Cache: $want{$n}\r.*^$id\n\z/ms, "$n bytes");
}


=== long keys that differ only in their last byte share nothing
--- config
    location / {
        hc_cache large;
        hc_cache_key $http_x_key;
        hc_cache_valid 200 1m;
        proxy_set_header X-Key "";
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
X-Key: first
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
for my $n (0, 1, 7, 8, 15, 16, 63, 64, 250, 65534) {
    for my $round ('MISS', 'HIT') {
        for my $last ('a', 'b') {
            my $answer = http_get('/a', headers =>
                'X-Key: ' . ('k' x $n) . "$last\r\nX-Id: $n-$last\r\n");

            like($answer, qr/^X-Cache: $round\r.*^$n-$last$/ms,
                 "$n bytes and $last, $round");
        }
    }
}


=== a key and its beginnings share nothing
--- config
    location / {
        hc_cache large;
        hc_cache_key $http_x_key;
        hc_cache_valid 200 1m;
        proxy_set_header X-Key "";
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- more_headers
X-Key: first
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
for my $round ('MISS', 'HIT') {
    my @right = grep {
        http_get('/a', headers => 'X-Key: ' . ('k' x $_) . "\r\nX-Id: $_\r\n")
            =~ /^X-Cache: $round\r.*^$_$/ms;
    } 1 .. 70;

    is(scalar @right, 70, "1 to 70 bytes, $round");
}


=== five hundred keys each have their own answer
--- config
    location / {
        hc_cache large;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
for my $round ('MISS', 'HIT') {
    my @right = grep {
        http_get("/k/$_", headers => "X-Id: id-$_\r\n")
            =~ /^X-Cache: $round\r.*^id-$_$/ms;
    } 1 .. 500;

    is(scalar @right, 500, "each is a $round of its own");
}


=== what stands in a key cannot pass for what the module adds to it
--- config
    location / {
        hc_cache large;
        hc_cache_key $host$http_x_key;
        hc_cache_valid 200 1m;
        proxy_set_header Host $http_host;
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["Host: one.test:1", "Host: one.test\nX-Key: :1", "Host: one.test:1",
 "Host: one.test\nX-Key: :1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Host: one.test:1",
 "X-Cache: MISS\nX-Seen-Host: one.test",
 "X-Cache: HIT\nX-Seen-Host: one.test:1",
 "X-Cache: HIT\nX-Seen-Host: one.test"]
