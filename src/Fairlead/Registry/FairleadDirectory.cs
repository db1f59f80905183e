using Fairlead.Registry;

namespace Fairlead.Diagnostics;

/// <summary>The location of Fairlead's files for this user.</summary>
public static class FairleadDirectory
{
    /// <summary>
    /// The runtime directory, in which bare names resolve: <c>$XDG_RUNTIME_DIR/fairlead</c>, or <c>/run/user/UID/fairlead</c>, or
    /// <c>/tmp/fairlead-UID</c>. On most systems it is in memory. It need not exist before the first endpoint.
    /// </summary>
    /// <exception cref="FairleadException">The variable names a directory that cannot be used.</exception>
    public static string Runtime => RuntimeDirectory.Current().Path;

    /// <summary>
    /// Creates a directory for keys and other secrets, with mode 0700, or checks an existing one: only this user may change its files.
    /// </summary>
    /// <param name="path">The directory. Missing parents are created as well.</param>
    /// <exception cref="FairleadException">
    /// PermissionDenied: it belongs to another user, others may write to it, or it is a symbolic link. Unavailable: it cannot be created.
    /// </exception>
    public static void MakePrivate(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        PrivateFolder.MakeAnywhere(path);
    }
}
