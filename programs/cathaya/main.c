/* cathaya - Merkle Tree Certificates from the command line. The commands are in command.c. */
#include <fcntl.h>
#include <signal.h>

#include "command.h"
#include "output.h"

/* A standard file that the parent closed gives its number to the next file that is opened, and what is
 * meant for stderr would go there. In its place comes one that can only fail as a closed one does. */
static void fill_closed_files(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    /* A reader that goes away (`| head`) must neither end a service nor change a verdict. */
    (void)signal(SIGPIPE, SIG_IGN);
    /* A limit on the size of files is an error of that write, as a full disk is. */
    (void)signal(SIGXFSZ, SIG_IGN);
    fill_closed_files();
    output_start();
    return output_finish(command_run((size_t)argc - (argc > 0), argv + (argc > 0)));
}
