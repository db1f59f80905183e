using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>
/// The directory for files that must survive a restart of the machine: <c>$XDG_STATE_HOME/fairlead</c>, or <c>~/.local/state/fairlead</c>.
/// It belongs to this user only.
/// </summary>
internal static class StateDirectory
{
    private const string Variable = "XDG_STATE_HOME";

    /// <summary>Returns its path, without touching the file system. It reads the environment each time.</summary>
    /// <exception cref="FairleadException">Unavailable: neither the variable nor HOME names a directory.</exception>
    public static string Locate()
    {
        string? chosen = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(chosen))
        {
            return chosen[0] == '/'
                ? $"{chosen.TrimEnd('/')}/fairlead"
                : throw new FairleadException(
                    ErrorCode.Unavailable,
                    $"{Variable} is '{chosen}', which is not an absolute path",
                    "Set it to an absolute path, or unset it.");
        }

        string? home = Environment.GetEnvironmentVariable("HOME");
        return home is ['/', ..]
            ? $"{home.TrimEnd('/')}/.local/state/fairlead"
            : throw new FairleadException(
                ErrorCode.Unavailable,
                "HOME is not an absolute path",
                $"Set it, or {Variable}, or give the log a path: log:///var/lib/orders");
    }

    /// <summary>Creates the directory if it does not exist, checks it, and returns its path.</summary>
    /// <exception cref="FairleadException">
    /// PermissionDenied: it is not safe to use, or this user may not create it. Unavailable: it cannot be created.
    /// </exception>
    public static string Prepare()
    {
        string path = Locate();
        string above = path[..path.LastIndexOf('/')];
        try
        {
            // As the specification of these directories requires: programs create it on demand, for the user only.
            Directory.CreateDirectory(above, (UnixFileMode)PrivateFolder.Mode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FairleadException(
                e is IOException ? ErrorCode.Unavailable : ErrorCode.PermissionDenied,
                $"the directory {above} cannot be created ({e.Message})",
                $"Create it, or set {Variable} to a directory of this user.",
                e);
        }

        PrivateFolder.Make(path, Cannot, Variable);
        return path;
    }

    private static FairleadException Cannot(string path, Errno error) => new(
        error is Errno.EACCES or Errno.EPERM or Errno.EROFS ? ErrorCode.PermissionDenied : ErrorCode.Unavailable,
        $"the state directory {path} cannot be created ({ErrnoMap.Describe(error)})",
        $"Free some space, or set {Variable} to a directory of this user.")
    {
        Errno = (int)error,
    };
}
