using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Registry;

/// <summary>
/// The directory with everything of one user: sockets by scheme and name, participants, endpoint entries. It belongs to that user only
/// (0700). That is checked at each use, because a user who could put files there could impersonate our servers.
/// </summary>
internal sealed class RuntimeDirectory
{
    /// <summary>
    /// The mode of a file in it. Set again after creation, because an unusual umask may have removed permissions of the owner.
    /// </summary>
    public const uint PrivateFile = 0b110_000_000;

    private const string Variable = "XDG_RUNTIME_DIR";
    private const uint OthersMayWrite = 0b000_000_010;
    private const uint Sticky = 0b001_000_000_000;

    // If the variable chose the location: the directory that must exist as the parent; then no other location will do.
    private readonly string? _chosenParent;

    private RuntimeDirectory(string path, string? chosenParent = null)
    {
        Path = path;
        _chosenParent = chosenParent;
    }

    /// <summary>The absolute path. It need not exist yet.</summary>
    public string Path { get; }

    /// <summary>
    /// Returns the directory of this process. It reads the environment each time: a changed variable takes effect with the next endpoint.
    /// </summary>
    /// <exception cref="FairleadException">Unavailable or PermissionDenied: the variable names a directory that cannot be used.</exception>
    public static RuntimeDirectory Current() =>
        Locate(Environment.GetEnvironmentVariable(Variable), NativeProcess.UserId, "/run/user", "/tmp");

    /// <summary>Returns the directory at a path of the caller's choice.</summary>
    public static RuntimeDirectory At(string path) => new(path);

    /// <summary>
    /// Chooses the location, in this order: the variable, the system's runtime directory of the user, a directory in
    /// <paramref name="temporary"/>.
    /// </summary>
    internal static RuntimeDirectory Locate(string? variable, uint user, string runtimeOfUsers, string temporary)
    {
        if (!string.IsNullOrEmpty(variable))
        {
            if (variable[0] != '/')
            {
                throw new FairleadException(
                    ErrorCode.Unavailable,
                    $"{Variable} is '{variable}', which is not an absolute path",
                    "Set it to an absolute path, or unset it.");
            }

            var parent = variable.TrimEnd('/');
            RequireUsableParent(parent.Length == 0 ? "/" : parent, user);
            return new RuntimeDirectory($"{parent}/fairlead", parent);
        }

        var own = string.Create(CultureInfo.InvariantCulture, $"{runtimeOfUsers}/{user}");
        return NativeFile.Lstat(own) is { Kind: FileKind.Directory } status && status.Uid == user
            ? new RuntimeDirectory($"{own}/fairlead")
            : new RuntimeDirectory(string.Create(CultureInfo.InvariantCulture, $"{temporary}/fairlead-{user}"));
    }

    /// <summary>Returns whether the directory exists. If it does, it has been checked.</summary>
    /// <exception cref="FairleadException">
    /// PermissionDenied: it exists and is not safe to use, or this user may not see whether it exists.
    /// </exception>
    public bool Exists() => Exists(Path);

    /// <summary>Returns whether a folder exists in the directory. If it does, both have been checked.</summary>
    /// <exception cref="FairleadException">PermissionDenied: one of them exists and is not safe to use.</exception>
    public bool HasFolder(string name) => Exists() && Exists($"{Path}/{name}");

    /// <summary>Creates the directory if it does not exist, and checks it.</summary>
    /// <exception cref="FairleadException">
    /// PermissionDenied: it is not safe to use, or this user may not create it. Unavailable: it cannot be created.
    /// </exception>
    public RuntimeDirectory Prepare()
    {
        MakePrivate(Path);
        return this;
    }

    /// <summary>Creates and checks a folder in the directory, and returns its path.</summary>
    public string PrepareFolder(string name)
    {
        var folder = $"{Path}/{name}";
        PrivateFolder.Make(folder, () => MakePrivate(Path), Cannot, Variable);
        return folder;
    }

    /// <summary>
    /// Returns the path of a name. It creates and checks the folder first, for a client too: otherwise another user could create the folder
    /// before the client looks for its server in it.
    /// </summary>
    public string SocketPath(string scheme, string name) => $"{PrepareFolder(scheme)}/{name}";

    /// <summary>Returns the path of a local address, without touching the file system; null if it has no file.</summary>
    public string? PathOf(Address address) =>
        address.IsPath ? address.Place
        : address.IsBareName ? $"{Path}/{address.Scheme}/{address.Place}"
        : null;

    /// <summary>Says where a name was looked for: " (searched /run/user/1000/fairlead)". Empty for a path or an abstract name.</summary>
    public static string Searched(Address address) => !address.IsPath && !address.IsAbstract ? $" (searched {Current().Path})" : "";

    private static void RequireUsableParent(string parent, uint user)
    {
        // The variable may name a symbolic link: its setter chose that. The directory one level below must not be one.
        if (PrivateFolder.Find(parent, Variable) is not { } status)
        {
            throw new FairleadException(
                ErrorCode.Unavailable,
                $"{Variable} names {parent}, which is not a directory",
                "Create it with mode 0700, or unset the variable.");
        }

        if (status.Uid != user)
        {
            throw new FairleadException(
                ErrorCode.PermissionDenied,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Variable} names {parent}, which belongs to uid {status.Uid}, while this process runs as uid {user}"),
                "Unset the variable, or set it to a directory of this user (after sudo or su it often still names the other user's).");
        }

        if ((status.Mode & (OthersMayWrite | Sticky)) == OthersMayWrite)
        {
            throw new FairleadException(
                ErrorCode.PermissionDenied,
                $"{Variable} names {parent}, in which every user may rename this user's files (mode "
                    + $"{Convert.ToString(status.Mode, 8).PadLeft(4, '0')})",
                $"Close it: chmod 700 {parent}");
        }
    }

    private static bool Exists(string path)
    {
        if (NativeFile.Lstat(path, out Errno error) is not { } status)
        {
            return error is Errno.ENOENT or Errno.ENOTDIR ? false : throw PrivateFolder.CannotAccess(path, error, Variable);
        }

        PrivateFolder.RequireOurs(path, status, Variable);
        return true;
    }

    private void MakePrivate(string path) => PrivateFolder.Make(path, Cannot, Variable);

    private FairleadException Cannot(string path, Errno error) =>
        new(
            error is Errno.EACCES or Errno.EPERM or Errno.EROFS ? ErrorCode.PermissionDenied : ErrorCode.Unavailable,
            $"the runtime directory {path} cannot be created ({ErrnoMap.Describe(error)})",
            _chosenParent is null
                ? $"Free some space, or set {Variable} to a directory of this user."
                : $"Check {_chosenParent}, which {Variable} names.")
        {
            Errno = (int)error,
        };
}
