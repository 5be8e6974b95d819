#include "unit/service/site_certificates/site_world.h"

int main(void)
{
    (void)world_begin;
    return 0;
}
