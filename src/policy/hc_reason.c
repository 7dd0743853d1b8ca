#include "hc_reason.h"


#define hc_reason_row(id, text)  text,


static const char *const  hc_reason_texts[] = {
    HC_REASONS(hc_reason_row)
};


const char *
hc_reason_text(hc_reason_e reason)
{
    if ((unsigned) reason >= HC_REASON_MAX) {
        return "";
    }

    return hc_reason_texts[reason];
}
