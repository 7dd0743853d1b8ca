/*
 * Why an answer was not stored or not used: one row each; the text is what
 * $hc_cache_reason says.
 */

#ifndef HC_REASON_H_INCLUDED_
#define HC_REASON_H_INCLUDED_


#define HC_REASONS(row)                                                       \
    row(NONE,            "")                                                  \
    row(METHOD,          "method")                                            \
    row(REQUEST_BODY,    "request-body")                                      \
    row(UPGRADE,         "upgrade")                                           \
    row(HOST,            "host")                                              \
    row(KEY,             "key-too-long")                                      \
    row(BYPASS,          "bypass")                                            \
    row(NO_CACHE,        "no-cache-condition")                                \
    row(MIN_USES,        "min-uses")                                          \
    row(STATUS,          "status")                                            \
    row(NO_STORE,        "no-store")                                          \
    row(PRIVATE,         "private")                                           \
    row(RESPONSE_NOCACHE, "no-cache")                                         \
    row(SET_COOKIE,      "set-cookie")                                        \
    row(AUTHORIZATION,   "authorization")                                     \
    row(COOKIE,          "cookie")                                            \
    row(VARY,            "vary")                                              \
    row(TAGS,            "tags")                                              \
    row(RANGE,           "partial")                                           \
    row(NO_LIFETIME,     "no-lifetime")                                       \
    row(EXPIRED,         "expired-on-arrival")                                \
    row(HEADERS,         "headers")                                           \
    row(TOO_LARGE,       "too-large")                                         \
    row(INCOMPLETE,      "incomplete")                                        \
    row(FRAMING,         "framing")                                           \
    row(NO_MEMORY,       "no-memory")                                         \
    row(FENCED,          "fenced")                                            \
    row(INVALIDATED,     "invalidated")                                       \
    row(L2_DOWN,         "l2-down")                                           \
    row(L2_TIMEOUT,      "l2-timeout")                                        \
    row(L2_BAD_VALUE,    "l2-bad-value")                                      \
    row(LOCK_TIMEOUT,    "lock-timeout")                                      \
    row(WAITERS,         "waiters")                                           \
    row(ONLY_IF_CACHED,  "only-if-cached")                                    \
    row(CLIENT,          "client-control")                                    \
    row(UPDATING,        "updating")                                          \
    row(REVALIDATED,     "revalidated")

#define hc_reason_id(id, text)  HC_REASON_##id,

typedef enum {
    HC_REASONS(hc_reason_id)
    HC_REASON_MAX
} hc_reason_e;


const char *hc_reason_text(hc_reason_e reason);


#endif /* HC_REASON_H_INCLUDED_ */
