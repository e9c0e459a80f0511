/* SPDX-License-Identifier: Apache-2.0 */
/* commands: one function a command; argv[0] is its name; returns the exit code (options.h). */
#ifndef PUGMARK_PROG_COMMANDS_H
#define PUGMARK_PROG_COMMANDS_H

int command_init(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_rewrite(int argc, char **argv);
int command_lint(int argc, char **argv);
int command_milter(int argc, char **argv);
int command_token(int argc, char **argv);
int command_judge(int argc, char **argv);
int command_keys(int argc, char **argv);
int command_journal(int argc, char **argv);
int command_prune(int argc, char **argv);
int command_tenant(int argc, char **argv);
int command_rejudge(int argc, char **argv);
int command_user(int argc, char **argv);
int command_apikey(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_migrate(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_bench_apply(int argc, char **argv);
int command_bench_judge(int argc, char **argv);
int command_bench_rewrite(int argc, char **argv);
int command_bench_traffic(int argc, char **argv);

#endif
