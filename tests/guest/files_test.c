/* SPDX-License-Identifier: MIT */
/* guest: timeout=120 flags=control */
/* Files of the boot archive, through the C library. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <granite/abi/counters.h>
#include <granite/abi/layout.h>
#include <granite/grant.h>
#include <granite/pm.h>
#include <granite/ramfs.h>
#include <granite/rs.h>

#include "pages.h"

#define FILE_NAME "/bin/sh"
#define FDS       64

static uint8_t *contents; /* of FILE_NAME, by plain reads */
static size_t file_bytes;

static void setup(void)
{
	struct stat stat;
	int fd = open(FILE_NAME, O_RDONLY);
	CHECK_INT(fd, 3);
	CHECK_INT(fstat(fd, &stat), 0);
	file_bytes = (size_t)stat.st_size;
	contents = malloc(file_bytes + 1);
	CHECK_INT(read(fd, contents, file_bytes + 1), file_bytes);
	CHECK_INT(read(fd, contents, 1), 0);
	CHECK_INT(close(fd), 0);
	CHECK(file_bytes > 5 * PAGE_SIZE && file_bytes % PAGE_SIZE != 0);
	CHECK(memcmp(contents, "\177ELF", 4) == 0);
}

/* ---- Reading ---- */

static void pieces_of_any_size_and_place_are_the_same(void)
{
	static uint8_t buffer[3 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	static const size_t sizes[] = {1, 7, 100, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE};
	int fd = open(FILE_NAME, O_RDONLY);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t done = 0, offset = i * 3 % 5;
		ssize_t count;
		CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
		while ((count = read(fd, buffer + offset, sizes[i])) > 0) {
			REQUIRE(memcmp(buffer + offset, contents + done, (size_t)count) == 0);
			done += (size_t)count;
		}
		CHECK_INT(done, file_bytes);
	}
	for (size_t at = 0; at < file_bytes; at += 3 * PAGE_SIZE / 2) {
		size_t most = file_bytes - at < sizeof(buffer) ? file_bytes - at : sizeof(buffer);
		CHECK_INT(pread(fd, buffer, sizeof(buffer), (off_t)at), most);
		REQUIRE(memcmp(buffer, contents + at, most) == 0);
	}
	CHECK_INT(lseek(fd, 0, SEEK_CUR), file_bytes);
	close(fd);
}

/* What is read over a copy-on-write page, or shares one, is the reader's own. */
static void what_was_read_is_the_reader_s_own(void)
{
	uint8_t *pages = mmap(NULL, file_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(FILE_NAME, O_RDONLY);
	CHECK_INT(read(fd, pages, file_bytes), file_bytes);
	memset(pages, 0x5a, file_bytes);
	CHECK_INT(pread(fd, pages, 2 * PAGE_SIZE, 0), 2 * PAGE_SIZE);
	CHECK(memcmp(pages, contents, 2 * PAGE_SIZE) == 0);
	CHECK_INT(pages[2 * PAGE_SIZE], 0x5a);
	close(fd);
	munmap(pages, file_bytes);
}

static void vectors_are_filled_one_after_the_other(void)
{
	uint8_t first[10], second[100], third[5];
	struct iovec vectors[] = {
	        {first, sizeof(first)}, {NULL, 0}, {second, sizeof(second)}, {third, sizeof(third)}};
	int fd = open(FILE_NAME, O_RDONLY);
	CHECK_INT(readv(fd, vectors, 4), 115);
	CHECK(memcmp(first, contents, 10) == 0 && memcmp(second, contents + 10, 100) == 0);
	CHECK(memcmp(third, contents + 110, 5) == 0);
	CHECK_INT(lseek(fd, 0, SEEK_CUR), 115);
	close(fd);
}

/* Each read lends the buffer for the length of the call and no longer, however the call ends. */
static void no_grant_is_left_after_a_read(void)
{
	static cp_grant_id_t ids[GRANTS_MAX];
	uint8_t buffer[16];
	int fd = open(FILE_NAME, O_RDONLY);
	for (int i = 0; i < 100; i++) {
		CHECK_INT(read(fd, buffer, sizeof(buffer)), sizeof(buffer));
		CHECK_INT(read(fd, (void *)8, 8), -1);
		CHECK_INT(errno, EFAULT);
		CHECK_INT(read(99, buffer, 8), -1);
		CHECK_INT(open("/nothing", O_RDONLY), -1);
	}
	close(fd);
	CHECK_INT(cpf_getgrants(ids, GRANTS_MAX), GRANTS_MAX);
	for (int i = 0; i < GRANTS_MAX; i++)
		REQUIRE(cpf_revoke(ids[i]) == OK);
}

static void a_failed_read_moves_nothing(void)
{
	uint8_t *pages =
	        mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(FILE_NAME, O_RDONLY);
	munmap(pages + PAGE_SIZE, PAGE_SIZE);
	CHECK_INT(read(fd, pages + PAGE_SIZE - 4, 8), -1);
	CHECK_INT(errno, EFAULT);
	CHECK_INT(lseek(fd, 0, SEEK_CUR), 0);
	mprotect(pages, PAGE_SIZE, PROT_READ);
	CHECK_INT(read(fd, pages, 8), -1);
	CHECK_INT(errno, EFAULT);
	CHECK_INT(pages[0], 0);
	CHECK_INT(pread(fd, pages, 8, -1), -1);
	CHECK_INT(errno, EINVAL);
	munmap(pages, PAGE_SIZE);
	close(fd);
}

/* ---- Descriptors ---- */

static void positions_are_shared_by_fork_and_dup(void)
{
	uint8_t buffer[8];
	int fd = open(FILE_NAME, O_RDONLY), copy = dup(fd), other = open(FILE_NAME, O_RDONLY);
	CHECK_INT(read(fd, buffer, 8), 8);
	pid_t pid = fork();
	if (pid == 0)
		_exit(read(fd, buffer, 8) != 8 || memcmp(buffer, contents + 8, 8) != 0 || close(fd) != 0);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK_INT(lseek(copy, 0, SEEK_CUR), 16);
	CHECK_INT(read(copy, buffer, 8), 8);
	CHECK(memcmp(buffer, contents + 16, 8) == 0);
	CHECK_INT(lseek(other, 0, SEEK_CUR), 0);
	CHECK_INT(close(fd), 0);
	CHECK_INT(lseek(copy, -1, SEEK_END), file_bytes - 1);
	close(copy);
	close(other);
}

static void numbers_are_the_lowest_and_end_at_the_limit(void)
{
	CHECK_INT(open(FILE_NAME, O_RDONLY), 3);
	CHECK_INT(open("/bin", O_RDONLY | O_DIRECTORY), 4);
	CHECK_INT(dup2(3, 7), 7);
	CHECK_INT(fcntl(4, F_DUPFD, 6), 6);
	CHECK_INT(fcntl(4, F_DUPFD_CLOEXEC, 6), 8);
	CHECK_INT(fcntl(8, F_GETFD), FD_CLOEXEC);
	CHECK_INT(fcntl(6, F_GETFD), 0);
	CHECK_INT(close(3), 0);
	CHECK_INT(dup(7), 3);
	CHECK_INT(dup2(1, 7), 7);
	CHECK_INT(isatty(7), 1);
	CHECK_INT(dup2(3, 7), 7);
	CHECK_INT(isatty(7), 0);
	CHECK_INT(errno, ENOTTY);
	for (int fd = 5; fd < FDS; fd++)
		if (fd < 6 || fd > 8)
			CHECK_INT(open(FILE_NAME, O_RDONLY), fd);
	CHECK_INT(open(FILE_NAME, O_RDONLY), -1);
	CHECK_INT(errno, EMFILE);
	CHECK_INT(dup(0), -1);
	CHECK_INT(errno, EMFILE);
	for (int fd = 3; fd < FDS; fd++)
		CHECK_INT(close(fd), 0);
	CHECK_INT(close(3), -1);
	CHECK_INT(errno, EBADF);
}

static void flags_are_what_was_opened(void)
{
	int fd = open(FILE_NAME, O_RDONLY | O_NONBLOCK);
	CHECK_INT(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY | O_NONBLOCK);
	CHECK_INT(fcntl(fd, F_SETFL, 0), 0);
	CHECK_INT(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
	CHECK_INT(fcntl(fd, F_GETFD), 0);
	CHECK_INT(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_INT(write(fd, "x", 1), -1);
	CHECK_INT(errno, EBADF);
	CHECK_INT(pwrite(fd, "x", 1, 0), -1);
	CHECK_INT(errno, EBADF);
	CHECK_INT(fcntl(1, F_GETFL), O_RDWR);
	CHECK_INT(lseek(1, 0, SEEK_SET), -1);
	CHECK_INT(errno, ESPIPE);
	close(fd);
}

/* ---- Paths ---- */

static void check_error(int result, int error, const char *what)
{
	if (result != -1 || errno != error)
		printf("# %s: result %d, errno %d\n", what, result, errno);
	CHECK(result == -1 && errno == error);
}

static void paths_have_linux_s_errors(void)
{
	char name[5000];
	memset(name, 'x', sizeof(name));
	name[300] = '\0';
	check_error(open("", O_RDONLY), ENOENT, "empty");
	check_error(open("/nothing", O_RDONLY), ENOENT, "nothing");
	check_error(open("/bin/sh/", O_RDONLY), ENOTDIR, "a file with a slash");
	check_error(open("/bin/sh/x", O_RDONLY), ENOTDIR, "below a file");
	check_error(open(name, O_RDONLY), ENAMETOOLONG, "a long component");
	name[300] = 'x';
	name[4999] = '\0';
	check_error(open(name, O_RDONLY), ENAMETOOLONG, "a long path");
	check_error(open((const char *)8, O_RDONLY), EFAULT, "bad pointer");
	check_error(open("/bin/sh", O_RDWR), EROFS, "for writing");
	check_error(open("/bin/new", O_WRONLY | O_CREAT, 0666), EROFS, "a new file");
	check_error(open("/bin/sh", O_CREAT | O_EXCL, 0666), EEXIST, "exclusive");
	check_error(open("/bin", O_WRONLY), EISDIR, "directory for writing");
	check_error(open("/bin/sh", O_DIRECTORY), ENOTDIR, "file as directory");
	check_error(creat("/x", 0666), EROFS, "creat");
	check_error(unlink("/bin/sh"), EROFS, "unlink");
	check_error(unlink("/bin/nothing"), ENOENT, "unlink nothing");
	check_error(mkdir("/new", 0777), EROFS, "mkdir");
	check_error(mkdir("/bin", 0777), EEXIST, "mkdir of what is there");
	check_error(rename("/bin/sh", "/bin/x"), EROFS, "rename");
	check_error(readlink("/bin/sh", name, 10), EINVAL, "readlink");
	check_error(readlink("/nothing", name, 10), ENOENT, "readlink of nothing");
	check_error(access("/bin/sh", W_OK), EROFS, "write access");
	check_error(access("/etc/manifest", X_OK), EACCES, "execute access");
	check_error(openat(1, "x", O_RDONLY), ENOTDIR, "openat below the console");
	check_error(openat(9, "x", O_RDONLY), EBADF, "openat below nothing");
	CHECK_INT(access("/bin/sh", R_OK | X_OK), 0);
	CHECK_INT(access("/", R_OK | X_OK), 0);
	CHECK_INT(open("/", O_RDONLY), 3);
	check_error((int)read(3, name, 10), EISDIR, "reading a directory");
	close(3);
}

static void the_working_directory_is_where_relative_paths_begin(void)
{
	char path[32];
	CHECK(getcwd(path, sizeof(path)) && strcmp(path, "/") == 0);
	CHECK_INT(chdir("/bin"), 0);
	CHECK(getcwd(path, sizeof(path)) && strcmp(path, "/bin") == 0);
	CHECK(!getcwd(path, 4) && errno == ERANGE);
	CHECK_INT(access("sh", F_OK), 0);
	CHECK_INT(access("../etc/manifest", F_OK), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(access("sh", F_OK) != 0 || chdir("..") != 0);
	CHECK_EXITED(tap_wait(pid), 0);
	CHECK_INT(access("sh", F_OK), 0);
	int fd = open("../etc", O_RDONLY | O_DIRECTORY);
	CHECK_INT(faccessat(fd, "manifest", R_OK, 0), 0);
	CHECK_INT(fchdir(fd), 0);
	CHECK(getcwd(path, sizeof(path)) && strcmp(path, "/etc") == 0);
	int file = openat(fd, "manifest", O_RDONLY);
	CHECK_INT(fchdir(file), -1);
	CHECK_INT(errno, ENOTDIR);
	CHECK_INT(fchdir(1), -1);
	CHECK_INT(errno, ENOTDIR);
	CHECK_INT(chdir("manifest"), -1);
	CHECK_INT(errno, ENOTDIR);
	CHECK_INT(chdir("/"), 0);
	close(file);
	close(fd);
}

struct raw_stat64 { /* Linux's, as asm/stat.h has it */
	uint64_t dev;
	uint32_t padding, short_ino, mode, nlink, uid, gid;
	uint64_t rdev;
	uint32_t padding2;
	uint64_t size;
	uint32_t blksize;
	uint64_t blocks;
	uint32_t times[6];
	uint64_t ino;
} __attribute__((packed, aligned(4)));

static void all_forms_of_stat_tell_the_same(void)
{
	struct stat by_path, by_fd, by_link, at;
	struct raw_stat64 raw;
	int fd = open(FILE_NAME, O_RDONLY), bin = open("/bin", O_RDONLY);
	CHECK_INT(stat(FILE_NAME, &by_path), 0);
	CHECK_INT(lstat(FILE_NAME, &by_link), 0);
	CHECK_INT(fstat(fd, &by_fd), 0);
	CHECK_INT(fstatat(bin, "sh", &at, 0), 0);
	CHECK(memcmp(&by_path, &by_fd, sizeof(at)) == 0 && memcmp(&by_path, &by_link, sizeof(at)) == 0);
	CHECK(memcmp(&by_path, &at, sizeof(at)) == 0);
	CHECK_INT(by_path.st_mode, S_IFREG | 0555);
	CHECK_INT(by_path.st_size, file_bytes);
	CHECK_INT(by_path.st_blocks, (file_bytes + 511) / 512);
	CHECK_INT(by_path.st_nlink, 1);
	CHECK_INT(syscall(SYS_stat64, FILE_NAME, &raw), 0);
	CHECK(raw.size == file_bytes && raw.mode == by_path.st_mode && raw.ino == by_path.st_ino &&
	      raw.dev == by_path.st_dev);
	CHECK_INT(syscall(SYS_fstatat64, bin, "sh", &raw, 0), 0);
	CHECK(raw.size == file_bytes && raw.ino == by_path.st_ino);
	CHECK_INT(syscall(SYS_fstatat64, fd, "", &raw, AT_EMPTY_PATH), 0);
	CHECK(raw.size == file_bytes && raw.ino == by_path.st_ino);
	CHECK_INT(stat("/", &at), 0);
	CHECK(S_ISDIR(at.st_mode) && at.st_nlink >= 4 && at.st_ino != by_path.st_ino);
	CHECK_INT(fstat(1, &at), 0);
	CHECK(S_ISCHR(at.st_mode) && at.st_rdev == 0x501);
	CHECK_INT(stat("/nothing", &at), -1);
	CHECK_INT(errno, ENOENT);
	close(bin);
	close(fd);
}

static void directories_are_read_and_rewound(void)
{
	char names[8][32];
	int count = 0, again = 0;
	DIR *root = opendir("/");
	struct dirent *entry;
	long third = 0;
	REQUIRE(root);
	while (count < 8 && (entry = readdir(root))) {
		struct stat stat;
		CHECK_INT(fstatat(dirfd(root), entry->d_name, &stat, 0), 0);
		CHECK_INT(stat.st_ino, entry->d_ino);
		CHECK_INT(entry->d_type, S_ISDIR(stat.st_mode) ? DT_DIR : DT_REG);
		strcpy(names[count++], entry->d_name);
		if (count == 2)
			third = telldir(root);
	}
	CHECK(count >= 4 && strcmp(names[0], ".") == 0 && strcmp(names[1], "..") == 0);
	rewinddir(root);
	while ((entry = readdir(root)))
		CHECK(strcmp(entry->d_name, names[again++]) == 0);
	CHECK_INT(again, count);
	seekdir(root, third);
	CHECK((entry = readdir(root)) && strcmp(entry->d_name, names[2]) == 0);
	closedir(root);
	int fd = open(FILE_NAME, O_RDONLY);
	CHECK_INT(syscall(SYS_getdents64, fd, names, 100), -1);
	CHECK_INT(errno, ENOTDIR);
	close(fd);
}

/* ---- mmap ---- */

static void a_mapping_has_the_file_s_bytes_and_then_zeros(void)
{
	size_t whole = (file_bytes + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
	int fd = open(FILE_NAME, O_RDONLY);
	uint8_t *map = mmap(NULL, file_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	REQUIRE(map != MAP_FAILED);
	CHECK(memcmp(map, contents, file_bytes) == 0);
	for (size_t i = file_bytes; i < whole; i++)
		REQUIRE(map[i] == 0);
	munmap(map, file_bytes);
	map = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE_SIZE);
	close(fd);
	CHECK(map != MAP_FAILED && memcmp(map, contents + 2 * PAGE_SIZE, PAGE_SIZE) == 0);
	munmap(map, PAGE_SIZE);
}

static uint8_t *protected;

static void write_to_protected(void)
{
	*(volatile uint8_t *)protected = 1;
}

static void a_mapping_is_private_and_keeps_its_rights(void)
{
	uint8_t byte;
	int fd = open(FILE_NAME, O_RDONLY);
	uint8_t *map = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	uint8_t *other = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	map[0] = 0xee;
	CHECK(other[0] == contents[0] && pread(fd, &byte, 1, 0) == 1 && byte == contents[0]);
	protected = other;
	CHECK_KILLED(tap_child(write_to_protected), SIGSEGV);
	munmap(map, PAGE_SIZE);
	munmap(other, PAGE_SIZE);
	close(fd);
}

static void what_can_not_be_mapped_is_refused_and_replaces_nothing(void)
{
	uint8_t *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(FILE_NAME, O_RDONLY), bin = open("/bin", O_RDONLY), pipes[2];
	CHECK_INT(pipe(pipes), 0);
	const struct {
		int fd, flags, error;
		off_t offset;
	} bad[] = {{fd, MAP_SHARED, ENODEV, 0},        {bin, MAP_PRIVATE, ENODEV, 0},
	           {pipes[0], MAP_PRIVATE, ENODEV, 0}, {1, MAP_PRIVATE, ENODEV, 0},
	           {50, MAP_PRIVATE, EBADF, 0},        {fd, MAP_PRIVATE, EINVAL, 100}};
	page[0] = 0x77;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		void *map =
		        mmap(page, PAGE_SIZE, PROT_READ, bad[i].flags | MAP_FIXED, bad[i].fd, bad[i].offset);
		CHECK(map == MAP_FAILED);
		CHECK_INT(errno, bad[i].error);
		CHECK_INT(page[0], 0x77);
	}
	for (int i = 3; i < 10; i++)
		close(i);
	munmap(page, PAGE_SIZE);
}

/* ---- Pages that are shared until somebody writes to them ---- */

#define SHARE_MIN 4 /* whole pages; fewer are copied, and so is what is no whole page */

static struct granite_counters counted;

static void count(void)
{
	CHECK_INT(sys_getinfo(GET_COUNTERS, &counted, sizeof(counted), 0), sizeof(counted));
}

/* What has become of pages, whosever they are, since the last time. */
static void check_pages(uint64_t shared, uint64_t copied)
{
	const struct granite_counters before = counted;
	count();
	CHECK_INT(counted.grant_cow_pages - before.grant_cow_pages, shared);
	CHECK_INT(counted.frames_copied - before.frames_copied, copied);
}

/* How many others have the page in memory, too. */
static uint32_t sharers_of(const uint8_t *page)
{
	struct vm_lending viewer;
	struct vm_viewers_rep info = {0};
	uint32_t from = 0;
	CHECK_INT(vm_viewers(SELF, (vir_bytes)(uintptr_t)page, &from, &viewer, 1, &info), 0);
	return info.sharers;
}

static uint8_t *new_pages(unsigned pages)
{
	return mmap(NULL, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* So many bytes of the file, to a place that lies like it in its pages but for `apart`: the buffer. */
static uint8_t *read_anew(int fd, size_t offset, size_t bytes, size_t apart, uint64_t shared)
{
	uint8_t *pages = new_pages(SHARE_MIN + 2), *place = pages + offset % PAGE_SIZE + apart;
	count();
	CHECK_INT(pread(fd, place, bytes, (off_t)offset), bytes);
	check_pages(shared, 0);
	CHECK(memcmp(place, contents + offset, bytes) == 0);
	return pages;
}

static void forget(uint8_t *pages)
{
	munmap(pages, (SHARE_MIN + 2) * PAGE_SIZE);
}

static void whole_pages_are_read_by_sharing_them(void)
{
	int fd = open(FILE_NAME, O_RDONLY);
	uint8_t *four = read_anew(fd, PAGE_SIZE, SHARE_MIN * PAGE_SIZE + 100, 0, SHARE_MIN);
	uint8_t *three = read_anew(fd, PAGE_SIZE, SHARE_MIN * PAGE_SIZE - 1, 0, 0);
	CHECK(sharers_of(four) > 0 && sharers_of(four + (SHARE_MIN - 1) * PAGE_SIZE) > 0);
	CHECK_INT(sharers_of(four + SHARE_MIN * PAGE_SIZE), 0);
	CHECK_INT(sharers_of(three), 0);
	forget(read_anew(fd, 100, (SHARE_MIN + 1) * PAGE_SIZE - 100, 0, SHARE_MIN));
	forget(read_anew(fd, 100, SHARE_MIN * PAGE_SIZE, 0, 0));
	forget(read_anew(fd, 0, SHARE_MIN * PAGE_SIZE, 4, 0));
	forget(three);
	forget(four);
	close(fd);
}

/* A mapping is such a read: its whole pages are the file's own, and its end is a copy. */
static void a_mapping_s_whole_pages_are_shared(void)
{
	size_t whole = file_bytes / PAGE_SIZE;
	int fd = open(FILE_NAME, O_RDONLY);
	count();
	uint8_t *map = mmap(NULL, file_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	check_pages(whole, 0);
	REQUIRE(map != MAP_FAILED);
	CHECK(sharers_of(map) > 0 && sharers_of(map + (whole - 1) * PAGE_SIZE) > 0);
	CHECK_INT(sharers_of(map + whole * PAGE_SIZE), 0);
	munmap(map, file_bytes);
	count();
	map = mmap(NULL, (SHARE_MIN - 1) * PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
	check_pages(0, 0);
	CHECK_INT(sharers_of(map), 0);
	munmap(map, (SHARE_MIN - 1) * PAGE_SIZE);
	close(fd);
}

/* What one writes to a shared page costs a copy of this page, and nobody else sees it. */
static void a_write_to_a_shared_page_copies_that_page(void)
{
	const size_t bytes = SHARE_MIN * PAGE_SIZE;
	int fd = open(FILE_NAME, O_RDONLY);
	uint8_t *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	uint8_t *read_to = read_anew(fd, 0, bytes, 0, SHARE_MIN);
	count();
	map[PAGE_SIZE] ^= 0xff;
	check_pages(0, 1);
	CHECK_INT(sharers_of(map + PAGE_SIZE), 0);
	CHECK(sharers_of(map) > 0 && sharers_of(read_to + PAGE_SIZE) > 0);
	CHECK(memcmp(read_to, contents, bytes) == 0);
	read_to[0] ^= 0xff;
	check_pages(0, 1);
	CHECK_INT(map[0], contents[0]);
	map[PAGE_SIZE + 1] ^= 0xff; /* that is its own by now */
	check_pages(0, 0);
	forget(read_anew(fd, 0, bytes, 0, SHARE_MIN));
	munmap(map, bytes);
	forget(read_to);
	close(fd);
}

/* ---- Nothing is left, and nobody hangs ---- */

static void open_and_close(void)
{
	int fd = open(FILE_NAME, O_RDONLY), other = dup(fd);
	CHECK(fd >= 0 && other >= 0);
	CHECK_INT(close(fd) | close(other), 0);
}

static struct vm_procinfo_rep server_memory(void)
{
	struct vm_procinfo_rep info = {0};
	CHECK_INT(vm_procinfo(rs_lookup("ramfs"), &info), OK);
	return info;
}

static void a_thousand_opens_leave_nothing(void)
{
	for (int i = 0; i < 10; i++)
		open_and_close();
	struct account before = account_now();
	uint32_t resident = server_memory().resident;
	for (int i = 0; i < 1000; i++)
		open_and_close();
	CHECK_INT(server_memory().resident, resident);
	check_account(&before);
}

static void open_many_and_die(void)
{
	for (int i = 0; i < 40; i++)
		CHECK(open(FILE_NAME, O_RDONLY) >= 0);
	kill(getpid(), SIGKILL);
}

static void who_dies_leaves_nothing_open(void)
{
	/*
	 * The C library's malloc keeps more memory once it has given the same back and taken it again 100
	 * times or so; a leak goes on.
	 */
	for (int i = 0; i < 300; i++)
		CHECK_KILLED(tap_child(open_many_and_die), SIGKILL);
	uint32_t resident = server_memory().resident;
	for (int i = 0; i < 100; i++)
		CHECK_KILLED(tap_child(open_many_and_die), SIGKILL);
	CHECK_INT(server_memory().resident, resident);
}

static pid_t pid_of(endpoint_t endpoint)
{
	struct pm_procinfo_rep info;
	for (uint32_t index = 0; pm_procinfo(index, &info) == OK; index = info.next)
		if (info.endpoint == endpoint)
			return info.pid;
	return -1;
}

/* Positions, flags, the working directory: all is as it was, for a child and after an exec, too. */
static void a_dead_server_s_descriptors_live_on(void)
{
	uint8_t buffer[4];
	char name[16];
	int fd = open(FILE_NAME, O_RDONLY), other = dup(fd);
	endpoint_t server = rs_lookup("ramfs");
	CHECK_INT(chdir("/bin"), 0);
	CHECK_INT(lseek(fd, 1000, SEEK_SET), 1000);
	CHECK_INT(kill(pid_of(server), SIGKILL), 0);
	CHECK_INT(read(fd, buffer, 4), 4);
	CHECK(memcmp(buffer, contents + 1000, 4) == 0);
	CHECK_INT(lseek(other, 0, SEEK_CUR), 1004);
	CHECK_INT(kill(pid_of(rs_lookup("ramfs")), SIGKILL), 0);
	CHECK(getcwd(name, sizeof(name)) != NULL);
	CHECK(strcmp(name, "/bin") == 0);
	CHECK_INT(close(fd) | close(other), 0);
	CHECK(rs_lookup("ramfs") != server);
	positions_are_shared_by_fork_and_dup();
	CHECK_INT(chdir("/"), 0);
}

/* What was kept goes with one that is put down. */
static void begin_anew(void)
{
	struct rs_outcome outcome;
	CHECK_INT(rs_down("ramfs", &outcome), OK);
	CHECK_INT(rs_up("ramfs", &outcome), OK);
}

static void a_server_that_begins_anew_is_never_taken_for_the_old_one(void)
{
	struct rs_outcome outcome;
	uint8_t buffer[4];
	int fd = open(FILE_NAME, O_RDONLY);
	CHECK_INT(chdir("/bin"), 0);
	CHECK_INT(rs_down("ramfs", &outcome), OK);
	CHECK_INT(read(fd, buffer, 4), -1);
	CHECK_INT(errno, EIO);
	CHECK_INT(rs_up("ramfs", &outcome), OK);
	CHECK_INT(read(fd, buffer, 4), -1);
	CHECK_INT(errno, EIO);
	CHECK_INT(open("sh", O_RDONLY), -1);
	CHECK_INT(errno, EIO);
	int again = open(FILE_NAME, O_RDONLY);
	CHECK(again > fd);
	CHECK_INT(read(again, buffer, 4), 4);
	CHECK(memcmp(buffer, contents, 4) == 0);
	CHECK_INT(read(fd, buffer, 4), -1);
	CHECK_INT(errno, EIO);
	CHECK_INT(close(fd), 0);
	CHECK_INT(close(again), 0);
	CHECK_INT(chdir("/"), 0);
	positions_are_shared_by_fork_and_dup();
}

/* A poll that waits is told; and one that comes later. */
/* As if the answer to a call that opened it had been lost. */
static void open_behind_the_library(int fd)
{
	union ramfs_pipe_message call = {.req = {.read_fd = fd, .write_fd = 40}};
	CHECK_INT(ramfs_pipe_call(rs_lookup("ramfs"), &call), OK);
	union ramfs_close_message close = {.req = {.fd = 40}};
	CHECK_INT(ramfs_close_call(rs_lookup("ramfs"), &close), OK);
}

static void a_number_that_only_the_server_has_open_can_be_used(void)
{
	int fds[2];
	char c;
	open_behind_the_library(3);
	CHECK_INT(open(FILE_NAME, O_RDONLY), 3);
	CHECK_INT(read(3, &c, 1), 1);
	CHECK_INT(c, '\177');
	CHECK_INT(close(3), 0);
	for (int fd = 3; fd <= 4; fd++) {
		open_behind_the_library(fd);
		CHECK_INT(pipe(fds), 0);
		CHECK_INT(fds[0], 3);
		CHECK_INT(write(fds[1], "p", 1), 1);
		CHECK_INT(read(fds[0], &c, 1), 1);
		CHECK_INT(close(fds[0]) | close(fds[1]), 0);
	}
}

static void poll_tells_of_lost_descriptors(void)
{
	int fds[2];
	CHECK_INT(pipe(fds), 0);
	struct pollfd entry = {.fd = fds[0], .events = POLLIN};
	pid_t pid = fork();
	if (pid == 0) {
		usleep(20000);
		begin_anew();
		_exit(0);
	}
	for (int i = 0; i < 2; i++) {
		CHECK_INT(poll(&entry, 1, -1), 1);
		CHECK_INT(entry.revents, POLLERR | POLLHUP);
	}
	CHECK_EXITED(tap_wait(pid), 0);
	close(fds[0]);
	close(fds[1]);
}

static void expect_loss(int result)
{
	CHECK_INT(result, -1);
	CHECK_INT(errno, EIO);
}

static int run_in_lost_directory(void)
{
	char *argv[] = {"cat", "etc/manifest", NULL};
	pid_t pid = fork();
	if (pid == 0) {
		execve("/bin/cat", argv, environ);
		_exit(99);
	}
	return tap_wait(pid);
}

/* Who was in /bin, and knows it no more, must not be taken to /etc: neither here nor by exec. */
static void a_lost_directory_is_not_the_root(void)
{
	char path[100];
	CHECK_INT(chdir("/bin"), 0);
	int directory = open("/bin", O_RDONLY | O_DIRECTORY);
	begin_anew();
	expect_loss(openat(directory, "sh", O_RDONLY));
	expect_loss(open("etc/manifest", O_RDONLY));
	expect_loss(chdir("etc"));
	expect_loss(fchdir(directory));
	expect_loss(getcwd(path, sizeof(path)) ? 0 : -1);
	CHECK_EXITED(run_in_lost_directory(), 1);
	CHECK_INT(close(directory), 0);
	CHECK_INT(chdir("/etc"), 0);
	CHECK(getcwd(path, sizeof(path)) && strcmp(path, "/etc") == 0);
	begin_anew();
	CHECK_EXITED(run_in_lost_directory(), 1); /* where the parent does not know it yet */
	CHECK_INT(chdir("/"), 0);
	begin_anew();
	CHECK_INT(close(open("etc/manifest", O_RDONLY)), 0);
	CHECK(getcwd(path, sizeof(path)) && strcmp(path, "/") == 0);
}

int main(void)
{
	static const struct tap_test tests[] = {
	        TEST(setup),
	        TEST(pieces_of_any_size_and_place_are_the_same),
	        TEST(what_was_read_is_the_reader_s_own),
	        TEST(vectors_are_filled_one_after_the_other),
	        TEST(no_grant_is_left_after_a_read),
	        TEST(a_failed_read_moves_nothing),
	        TEST(positions_are_shared_by_fork_and_dup),
	        TEST(numbers_are_the_lowest_and_end_at_the_limit),
	        TEST(flags_are_what_was_opened),
	        TEST(paths_have_linux_s_errors),
	        TEST(the_working_directory_is_where_relative_paths_begin),
	        TEST(all_forms_of_stat_tell_the_same),
	        TEST(directories_are_read_and_rewound),
	        TEST(a_mapping_has_the_file_s_bytes_and_then_zeros),
	        TEST(a_mapping_is_private_and_keeps_its_rights),
	        TEST(what_can_not_be_mapped_is_refused_and_replaces_nothing),
	        TEST(whole_pages_are_read_by_sharing_them),
	        TEST(a_mapping_s_whole_pages_are_shared),
	        TEST(a_write_to_a_shared_page_copies_that_page),
	        TEST(a_thousand_opens_leave_nothing),
	        TEST(who_dies_leaves_nothing_open),
	        TEST(a_dead_server_s_descriptors_live_on),
	        TEST(a_server_that_begins_anew_is_never_taken_for_the_old_one),
	        TEST(a_number_that_only_the_server_has_open_can_be_used),
	        TEST(poll_tells_of_lost_descriptors),
	        TEST(a_lost_directory_is_not_the_root),
	};
	return TAP_RUN(tests);
}
