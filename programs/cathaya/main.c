/* cathaya - Merkle Tree Certificates from the command line. The commands are in command.c. */
#include <signal.h>

#include "command.h"
#include "output.h"

int main(int argc, char **argv)
{
    /* A reader that goes away (`| head`) must neither end a service nor change a verdict. */
    (void)signal(SIGPIPE, SIG_IGN);
    output_start();
    return output_finish(command_run((size_t)argc - (argc > 0), argv + (argc > 0)));
}
