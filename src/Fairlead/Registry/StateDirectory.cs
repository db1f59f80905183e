using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>
/// The directory in which what must outlive the machine's restart lies: <c>$XDG_STATE_HOME/fairlead</c>, else
/// <c>~/.local/state/fairlead</c>. The user's alone.
/// </summary>
internal static class StateDirectory
{
    private const string Variable = "XDG_STATE_HOME";

    /// <summary>Its path, without touching it. The environment is read each time.</summary>
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
                    $"{Variable} is '{chosen}', which is no absolute path",
                    "Set it to an absolute path, or unset it.");
        }

        string? home = Environment.GetEnvironmentVariable("HOME");
        return home is ['/', ..]
            ? $"{home.TrimEnd('/')}/.local/state/fairlead"
            : throw new FairleadException(
                ErrorCode.Unavailable, "HOME names no directory", $"Set it, or {Variable}, or give the log a path: log:///var/lib/orders");
    }

    /// <summary>Makes it where it is missing, and checks it. Returns its path.</summary>
    /// <exception cref="FairleadException">
    /// PermissionDenied: it is not safe to use, or may not be made. Unavailable: it cannot be made.
    /// </exception>
    public static string Prepare()
    {
        string path = Locate();
        string above = path[..path.LastIndexOf('/')];
        try
        {
            // As the specification of these directories has it: made by who needs it, for the user alone.
            Directory.CreateDirectory(above, (UnixFileMode)PrivateFolder.Mode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FairleadException(
                e is IOException ? ErrorCode.Unavailable : ErrorCode.PermissionDenied,
                $"the directory {above} cannot be made ({e.Message})",
                $"Make it, or set {Variable} to a directory of this user.",
                e);
        }

        PrivateFolder.Make(path, Cannot, Variable);
        return path;
    }

    private static FairleadException Cannot(string path, Errno error) => new(
        error is Errno.EACCES or Errno.EPERM or Errno.EROFS ? ErrorCode.PermissionDenied : ErrorCode.Unavailable,
        $"the state directory {path} cannot be made ({ErrnoMap.Describe(error)})",
        $"Make room for it, or set {Variable} to a directory of this user.")
    {
        Errno = (int)error,
    };
}
