using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// The one place that maps an errno to its meaning. A caller that knows better (such as a refused connect to a living name) handles it
/// beside the call.
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

    /// <summary>Returns for instance <c>ECONNREFUSED: connection refused</c>; the words come from the C library.</summary>
    public static string Describe(Errno error)
    {
        var name = Enum.GetName(error) ?? $"errno {(int)error}";
        var words = Marshal.GetPInvokeErrorMessage((int)error);

        // The C library capitalizes the text; this appears in the middle of a sentence.
        return words.Length > 1 && char.IsUpper(words[0]) && !char.IsUpper(words[1])
            ? $"{name}: {char.ToLowerInvariant(words[0])}{words[1..]}"
            : $"{name}: {words}";
    }

    /// <summary>Creates the exception for a failed call, with the usual remedy if there is one.</summary>
    /// <param name="what">The attempted action, as the beginning of a sentence: <c>cannot create a socket</c>.</param>
    /// <param name="error">The errno of the attempt.</param>
    public static FairleadException Failure(string what, Errno error) =>
        new(ToCode(error), $"{what} ({Describe(error)})", Mend(error)) { Errno = (int)error };

    /// <summary>Creates the exception for a descriptor that cannot be watched: there ENOSPC concerns watches and not a disk.</summary>
    /// <param name="what">As for <see cref="Failure"/>.</param>
    /// <param name="error">The errno of the attempt.</param>
    public static FairleadException WatchFailure(string what, Errno error) =>
        error != Errno.ENOSPC
            ? Failure(what, error)
            : new(ToCode(error), $"{what}: this user has reached the limit of watches", "Raise /proc/sys/fs/epoll/max_user_watches.")
            {
                Errno = (int)error,
            };

    private static string? Mend(Errno error) => error switch
    {
        Errno.ENOENT when !ProcFiles.AreMounted => ProcFiles.Remedy,
        Errno.EMFILE => "This process has reached its limit of open files: close some, or raise the limit (ulimit -n).",
        Errno.ENFILE => "The system has reached its limit of open files: see /proc/sys/fs/file-max.",
        Errno.ENOSPC => "Free some space, or some files if their number is the limit (df -h, df -i).",
        Errno.EFBIG => "Raise this process's limit of file sizes (ulimit -f), or choose a smaller size.",
        Errno.EDQUOT => "The disk quota is used up: free some space.",
        Errno.ENOMEM or Errno.ENOBUFS => "The kernel has no memory left: free some, or raise the limit of the control group.",
        _ => null,
    };
}
