# $hc_uri: what is keyed is what is forwarded.  Two targets share an entry only
# if the app was asked the same.

use HC;
use HC::Echo;

plan('no_plan');
run_tests();

__DATA__

=== an escaped slash is not a slash
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a%2Fb", "GET /a/b", "GET /a%2fb", "GET /a%2Fb", "GET /a/b"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a%2Fb", "X-Cache: MISS\nX-Seen-Uri: /a/b",
 "X-Cache: MISS\nX-Seen-Uri: /a%2fb", "X-Cache: HIT\nX-Seen-Uri: /a%2Fb",
 "X-Cache: HIT\nX-Seen-Uri: /a/b"]


=== an escaped question mark is not a question mark
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /p%3Fid=1", "GET /p?id=1", "GET /p%3Fid=1", "GET /p?id=1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /p%3Fid=1", "X-Cache: MISS\nX-Seen-Uri: /p?id=1",
 "X-Cache: HIT\nX-Seen-Uri: /p%3Fid=1", "X-Cache: HIT\nX-Seen-Uri: /p?id=1"]


=== every form of a path is its own entry, and asked of the app as it came
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /x", "GET /x"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT"]
--- then
my @forms = qw(/a/b //a/b /a//b /./a/b /a/./b /c/../a/b /a/b/ /a/b? /a/b?? /%61/b
    /a/b%20 /a/b%00c /a;x/b /a/b;x /a/b?x;y /a%252Fb /a/b?x=%26 /a/b?x=& /A/b
    /a/%62?c /a/b?c=%2F /a/b?c=/ /a+b /a%2Bb /a%25b);

for my $i (0 .. $#forms) {
    for my $round (1, 2) {
        my $answer = http_get($forms[$i], headers => "X-Id: form-$i\r\n");

        # what nginx itself refuses is no case for a cache
        last if $answer =~ /^HTTP\S+ 400/;

        my ($cache) = $answer =~ /^X-Cache: (\w+)/m;
        my ($seen) = $answer =~ /^X-Seen-Uri: (\S+)/m;

        is("$cache $seen", ($round == 1 ? 'MISS' : 'HIT') . " $forms[$i]",
           "$forms[$i], round $round");
    }
}


=== after a rewrite the escaped URI and the original target count
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        rewrite ^/old/(.*)$ /new/$1 break;
        add_header X-Uri $hc_uri;
        add_header X-Cache $hc_cache_status;
        proxy_pass http://origin;
    }
--- request eval
["GET /old/p%3Fid=1", "GET /old/p?id=1", "GET /old/p%3Fid=1",
 "GET /old/p?id=1", "GET /new/p?id=1"]
--- response_headers eval
["X-Cache: MISS\nX-Uri: /new/p%3Fid=1#/old/p%3Fid=1\nX-Seen-Uri: /new/p%3Fid=1",
 "X-Cache: MISS\nX-Uri: /new/p?id=1#/old/p?id=1\nX-Seen-Uri: /new/p?id=1",
 "X-Cache: HIT\nX-Seen-Uri: /new/p%3Fid=1",
 "X-Cache: HIT\nX-Seen-Uri: /new/p?id=1",
 "X-Cache: MISS\nX-Uri: /new/p?id=1\nX-Seen-Uri: /new/p?id=1"]


=== a front controller that reads the original target has an entry for each
--- config
    location / {
        rewrite ^ /index.php last;
    }

    location = /index.php {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_set_header O-X-Custom $request_uri;
        proxy_pass http://origin;
    }
--- request eval
["GET /one", "GET /two", "GET /one", "GET /two"]
--- response_headers eval
["X-Cache: MISS\nX-Custom: /one", "X-Cache: MISS\nX-Custom: /two",
 "X-Cache: HIT\nX-Custom: /one", "X-Cache: HIT\nX-Custom: /two"]


=== so it has after try_files to a URI
--- config
    location / {
        try_files $uri /index.php?q=fixed;
    }

    location = /index.php {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_set_header O-X-Custom $request_uri;
        proxy_pass http://origin;
    }
--- request eval
["GET /one?x=1", "GET /two", "GET /one?x=1", "GET /one?x=2"]
--- response_headers eval
["X-Cache: MISS\nX-Custom: /one?x=1\nX-Seen-Uri: /index.php?q=fixed",
 "X-Cache: MISS\nX-Custom: /two", "X-Cache: HIT\nX-Custom: /one?x=1",
 "X-Cache: MISS\nX-Custom: /one?x=2"]


=== and after try_files to a named location
--- config
    location / {
        try_files $uri @app;
    }

    location @app {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /one%2Fa", "GET /one/a", "GET /one%2Fa", "GET /one/a"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /one%2Fa", "X-Cache: MISS\nX-Seen-Uri: /one/a",
 "X-Cache: HIT\nX-Seen-Uri: /one%2Fa", "X-Cache: HIT\nX-Seen-Uri: /one/a"]


=== the file try_files finds is cached, and what it does not find goes on
--- config
    hc_cache pages;
    hc_cache_valid 200 1m;

    location / {
        try_files $uri @app;
    }

    location @app {
        proxy_pass http://origin;
    }
--- user_files
>>> there.txt
a file
--- request eval
["GET /there.txt", "GET /there.txt", "GET /gone.txt", "GET /gone.txt"]
--- response_headers eval
["X-Cache: MISS", "X-Cache: HIT", "X-Cache: MISS", "X-Cache: HIT"]
--- response_body eval
["a file\n", "a file\n", "3\n", "3\n"]


=== a proxy_pass with a URI keeps apart what it may ask alike
--- config
    location /in/ {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin/base/;
    }
--- request eval
["GET /in/a%2Fb", "GET /in/a/b", "GET /in/a%3Fb", "GET /in/a?b",
 "GET /in/a%2Fb", "GET /in/a?b"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /base/a/b", "X-Cache: MISS\nX-Seen-Uri: /base/a/b",
 "X-Cache: MISS\nX-Seen-Uri: /base/a%3Fb", "X-Cache: MISS\nX-Seen-Uri: /base/a?b",
 "X-Cache: HIT\nX-Seen-Uri: /base/a/b", "X-Cache: HIT\nX-Seen-Uri: /base/a?b"]


=== set $args is what the app is asked, and what is keyed
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        set $args "v=$http_x_version";
        proxy_pass http://origin;
    }
--- request eval
["GET /a", "GET /a", "GET /a", "GET /a"]
--- more_headers eval
["X-Version: 1", "X-Version: 2", "X-Version: 1", "X-Version: 2"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?v=1", "X-Cache: MISS\nX-Seen-Uri: /a?v=2",
 "X-Cache: HIT\nX-Seen-Uri: /a?v=1", "X-Cache: HIT\nX-Seen-Uri: /a?v=2"]


=== an absolute-form target is keyed as the origin-form the app is asked
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET http://localhost/a", "GET /a", "GET http://localhost", "GET /"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a", "X-Cache: HIT\nX-Seen-Uri: /a",
 "X-Cache: MISS\nX-Seen-Uri: /", "X-Seen-Uri: /"]


=== a fragment does not hide a part of the target
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        proxy_pass http://origin;
    }
--- request eval
["GET /a#one", "GET /a", "GET /a#one", "GET /a"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a#one", "X-Cache: MISS\nX-Seen-Uri: /a",
 "X-Cache: HIT\nX-Seen-Uri: /a#one", "X-Cache: HIT\nX-Seen-Uri: /a"]


=== a target that looks like a rewritten one is not that
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;
        rewrite ^/old/(.*)$ /new/$1 break;
        proxy_pass http://origin;
    }
--- request eval
["GET /old/a", "GET /new/a#/old/a", "GET /old/a"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /new/a", "X-Seen-Uri: /new/a#/old/a",
 "X-Cache: HIT\nX-Seen-Uri: /new/a"]


=== a target cannot be spelled so that it is another's rewritten one
--- config
    location / {
        hc_cache pages;
        hc_cache_valid 200 1m;

        if ($http_x_version) {
            set $args "v=$http_x_version";
        }

        proxy_pass http://origin;
    }
--- request eval
["GET /a?v=1#/a", "GET /a", "GET /a?v=1#/a", "GET /a"]
--- more_headers eval
["", "X-Version: 1", "", "X-Version: 1"]
--- response_headers eval
["X-Cache: MISS\nX-Seen-Uri: /a?v=1#/a", "X-Cache: MISS\nX-Seen-Uri: /a?v=1",
 "X-Cache: HIT\nX-Seen-Uri: /a?v=1#/a", "X-Cache: HIT\nX-Seen-Uri: /a?v=1"]
