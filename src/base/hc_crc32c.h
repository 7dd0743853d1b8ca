/*
 * CRC32C (Castagnoli, RFC 3720 appendix B.4), as used by stored entries.
 *
 * Start with crc = 0 and feed pieces in order; the result of one call is the
 * crc of the next.  Uses SSE4.2 where the processor has it.
 */

#ifndef HC_CRC32C_H_INCLUDED_
#define HC_CRC32C_H_INCLUDED_


#include "hc_base.h"


uint32_t hc_crc32c(uint32_t crc, const void *data, size_t len);


#endif /* HC_CRC32C_H_INCLUDED_ */
