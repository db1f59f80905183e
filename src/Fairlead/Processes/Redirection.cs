using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>Where one of a child's standard streams leads.</summary>
public sealed class Redirection
{
    private readonly Func<bool, Descriptor>? _open;

    private Redirection(string text, Func<bool, Descriptor>? open)
    {
        Text = text;
        _open = open;
    }

    /// <summary>Where this process's own leads. The default.</summary>
    public static Redirection Inherit { get; } = new("inherited", null);

    /// <summary>To <c>/dev/null</c>: empty to read, swallowing what is written.</summary>
    public static Redirection Null { get; } =
        new("/dev/null", static isInput => OpenFile("/dev/null", isInput ? OpenFlags.ReadOnly : OpenFlags.WriteOnly));

    /// <summary>Through a pipe to this process: <see cref="ChildProcess.StandardInput"/> and its like.</summary>
    public static Redirection Pipe { get; } = new("a pipe", null);

    /// <summary>For standard error: where standard output leads, as <c>2&gt;&amp;1</c>.</summary>
    public static Redirection ToOutput { get; } = new("standard output", null);

    private string Text { get; }

    /// <summary>From a file, or to one, which is made (mode 0666 less the umask) or emptied.</summary>
    /// <param name="path">Relative to the directory of this process.</param>
    /// <exception cref="FairleadException">When the child is started: NotFound, PermissionDenied.</exception>
    public static Redirection File(string path) =>
        new(path, isInput => OpenFile(path, isInput ? OpenFlags.ReadOnly : OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate));

    /// <summary>To the end of a file, which is made if it is missing.</summary>
    /// <inheritdoc cref="File" path="/param|/exception"/>
    public static Redirection Append(string path) =>
        new(path, isInput => OpenFile(path, isInput ? OpenFlags.ReadOnly : OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append));

    /// <summary>
    /// To something that is open, and stays the caller's: an end of an <see cref="AnonymousPipe"/>, a <c>SafeFileHandle</c>.
    /// </summary>
    public static Redirection To(SafeHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return new("a descriptor", _ => CopyOf(handle));
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>What the child is given, or null where it is this process's own. The caller closes it.</summary>
    internal Descriptor? Open(bool isInput) => _open?.Invoke(isInput);

    internal static Descriptor CopyOf(SafeHandle handle)
    {
        bool isHeld = false;
        handle.DangerousAddRef(ref isHeld);
        try
        {
            return NativeSpawn.Duplicate((int)handle.DangerousGetHandle(), 0, out Errno error)
                ?? throw ErrnoMap.Failure("a descriptor cannot be given to a child", error);
        }
        finally
        {
            handle.DangerousRelease();
        }
    }

    private static Descriptor OpenFile(string path, OpenFlags flags)
    {
        Descriptor file =
            NativeFile.Open(path, flags, 0b110_110_110, out Errno error)
            ?? throw ErrnoMap.Failure($"{path} cannot be opened for a child", error);

        // The child expects a file that blocks, as every program does.
        _ = NativePipe.SetNonBlocking(file, isSet: false);
        return file;
    }
}
