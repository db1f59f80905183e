using Fairlead.Native;

namespace Fairlead.Tests.Native;

public sealed class ErrnoMapTests
{
    [Theory]
    [InlineData("ENOENT", ErrorCode.NotFound)]
    [InlineData("ECONNREFUSED", ErrorCode.NotFound)]
    [InlineData("EADDRINUSE", ErrorCode.AlreadyExists)]
    [InlineData("EACCES", ErrorCode.PermissionDenied)]
    [InlineData("EPIPE", ErrorCode.PeerGone)]
    [InlineData("ECONNRESET", ErrorCode.PeerGone)]
    [InlineData("ETIMEDOUT", ErrorCode.Timeout)]
    [InlineData("ENOSPC", ErrorCode.Full)]
    [InlineData("EMSGSIZE", ErrorCode.TooLarge)]
    [InlineData("EOPNOTSUPP", ErrorCode.NotSupported)]
    [InlineData("EMFILE", ErrorCode.Unavailable)]
    public void Errnos_have_codes(string errno, ErrorCode code) =>
        Assert.Equal(code, ErrnoMap.ToCode(Enum.Parse<Errno>(errno)));

    [Fact]
    public void A_description_has_the_name_and_the_text_of_the_errno() =>
        Assert.Equal("ECONNREFUSED: connection refused", ErrnoMap.Describe(Errno.ECONNREFUSED), ignoreCase: true);

    [Fact]
    public void An_unknown_errno_is_described_by_its_number() =>
        Assert.StartsWith("errno 4000: ", ErrnoMap.Describe((Errno)4000), StringComparison.Ordinal);

    [Fact]
    public void A_failure_names_the_problem_and_the_remedy()
    {
        var failure = ErrnoMap.Failure("cannot create a socket", Errno.EMFILE);

        Assert.Equal(ErrorCode.Unavailable, failure.Code);
        Assert.Equal(24, failure.Errno);
        Assert.StartsWith("cannot create a socket (EMFILE: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ulimit -n", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_and_a_full_set_of_watches_have_different_errors()
    {
        var disk = ErrnoMap.Failure("cannot make a file", Errno.ENOSPC);
        var watches = ErrnoMap.WatchFailure("cannot watch fd 4", Errno.ENOSPC);

        Assert.Equal((ErrorCode.Full, 28), (disk.Code, disk.Errno));
        Assert.Contains("df -i", disk.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("max_user_watches", disk.Message, StringComparison.Ordinal);
        Assert.Equal((ErrorCode.Full, 28), (watches.Code, watches.Errno));
        Assert.EndsWith("Raise /proc/sys/fs/epoll/max_user_watches.", watches.Message, StringComparison.Ordinal);
        Assert.Equal(ErrnoMap.Failure("cannot watch", Errno.EMFILE).Message, ErrnoMap.WatchFailure("cannot watch", Errno.EMFILE).Message);
    }
}
