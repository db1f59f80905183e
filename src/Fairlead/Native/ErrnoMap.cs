using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// The one place where an errno gets its meaning. A caller that knows better (a refused connect to a name that lives)
/// says so itself, beside the call.
/// </summary>
internal static class ErrnoMap
{
    public static ErrorCode ToCode(Errno error) => error switch
    {
        Errno.ENOENT or Errno.ENOTDIR or Errno.ESRCH or Errno.ENXIO or Errno.ECONNREFUSED => ErrorCode.NotFound,
        Errno.EEXIST or Errno.EADDRINUSE or Errno.EISCONN or Errno.EBUSY or Errno.ETXTBSY => ErrorCode.AlreadyExists,
        Errno.EACCES or Errno.EPERM or Errno.EROFS => ErrorCode.PermissionDenied,
        Errno.EPIPE or Errno.ECONNRESET or Errno.ECONNABORTED or Errno.ENETRESET or Errno.ENOTCONN
            or Errno.ESHUTDOWN => ErrorCode.PeerGone,
        Errno.ETIMEDOUT or Errno.ETIME => ErrorCode.Timeout,
        Errno.EAGAIN or Errno.ENOSPC or Errno.EDQUOT => ErrorCode.Full,
        Errno.EMSGSIZE or Errno.E2BIG or Errno.EFBIG or Errno.ENAMETOOLONG or Errno.EOVERFLOW => ErrorCode.TooLarge,
        Errno.EPROTOTYPE => ErrorCode.Incompatible,
        Errno.EPROTO or Errno.EBADMSG or Errno.ENOTRECOVERABLE or Errno.ESTALE => ErrorCode.Corrupt,
        Errno.EOWNERDEAD => ErrorCode.OwnerDied,
        Errno.ENOSYS or Errno.EOPNOTSUPP or Errno.EPROTONOSUPPORT or Errno.ESOCKTNOSUPPORT or Errno.EPFNOSUPPORT
            or Errno.EAFNOSUPPORT or Errno.ENOPROTOOPT or Errno.ENODEV or Errno.ENOTTY => ErrorCode.NotSupported,
        _ => ErrorCode.Unavailable,
    };

    /// <summary>For instance <c>ECONNREFUSED: connection refused</c>; the words are the C library's.</summary>
    public static string Describe(Errno error)
    {
        var name = Enum.GetName(error) ?? $"errno {(int)error}";
        var words = Marshal.GetPInvokeErrorMessage((int)error);

        // The C library writes a capital letter; this stands in the middle of a sentence.
        return words.Length > 1 && char.IsUpper(words[0]) && !char.IsUpper(words[1])
            ? $"{name}: {char.ToLowerInvariant(words[0])}{words[1..]}"
            : $"{name}: {words}";
    }

    /// <summary>The exception for a call that cannot go on, with the mend where there is a usual one.</summary>
    /// <param name="what">What was attempted, as the beginning of a sentence: <c>cannot create a socket</c>.</param>
    /// <param name="error">The errno of the attempt.</param>
    public static FairleadException Failure(string what, Errno error) =>
        new(ToCode(error), $"{what} ({Describe(error)})", Mend(error)) { Errno = (int)error };

    /// <summary>The exception for a descriptor that cannot be watched: there ENOSPC speaks of watches and not of a disk.</summary>
    /// <param name="what">As for <see cref="Failure"/>.</param>
    /// <param name="error">The errno of the attempt.</param>
    public static FairleadException WatchFailure(string what, Errno error) =>
        error != Errno.ENOSPC
            ? Failure(what, error)
            : new(ToCode(error), $"{what}: this user watches as many as the system allows", "Raise /proc/sys/fs/epoll/max_user_watches.")
            {
                Errno = (int)error,
            };

    private static string? Mend(Errno error) => error switch
    {
        Errno.EMFILE => "This process has as many files open as it may: close some, or raise the limit (ulimit -n).",
        Errno.ENFILE => "The system has as many files open as it may: see /proc/sys/fs/file-max.",
        Errno.ENOSPC => "Free some space, or files where their number is the limit (df -h, df -i).",
        Errno.EDQUOT => "The disk quota is used up: free some space.",
        Errno.ENOMEM or Errno.ENOBUFS => "The kernel has no memory for it: free some, or raise the limit of the control group.",
        _ => null,
    };
}
