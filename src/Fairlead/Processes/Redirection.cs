using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Processes;

/// <summary>The source or destination of a standard stream of a child.</summary>
public sealed class Redirection
{
    private readonly Func<bool, Descriptor>? _open;

    private Redirection(string text, Func<bool, Descriptor>? open)
    {
        Text = text;
        _open = open;
    }

    /// <summary>The same as this process's stream. The default.</summary>
    public static Redirection Inherit { get; } = new("inherited", null);

    /// <summary><c>/dev/null</c>: reads as empty, discards what is written.</summary>
    public static Redirection Null { get; } =
        new("/dev/null", static isInput => OpenFile("/dev/null", isInput ? OpenFlags.ReadOnly : OpenFlags.WriteOnly));

    /// <summary>A pipe to this process: <see cref="ChildProcess.StandardInput"/> and the like.</summary>
    public static Redirection Pipe { get; } = new("a pipe", null);

    /// <summary>For standard error: the same as standard output, like <c>2&gt;&amp;1</c>.</summary>
    public static Redirection ToOutput { get; } = new("standard output", null);

    private string Text { get; }

    /// <summary>A file to read from, or to write to; the latter is created (mode 0666 less the umask) or emptied.</summary>
    /// <param name="path">The path, relative to the directory of this process.</param>
    /// <exception cref="FairleadException">On start of the child: NotFound, PermissionDenied.</exception>
    public static Redirection File(string path) =>
        new(path, isInput => OpenFile(path, isInput ? OpenFlags.ReadOnly : OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate));

    /// <summary>The end of a file, which is created if it does not exist.</summary>
    /// <inheritdoc cref="File" path="/param|/exception"/>
    public static Redirection Append(string path) =>
        new(path, isInput => OpenFile(path, isInput ? OpenFlags.ReadOnly : OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append));

    /// <summary>An open handle of the caller, who keeps it: an end of an <see cref="AnonymousPipe"/>, a <c>SafeFileHandle</c>.</summary>
    public static Redirection To(SafeHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return new("a descriptor", _ => CopyOf(handle));
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Opens the descriptor for the child; null if it inherits this process's stream. The caller closes it.</summary>
    internal Descriptor? Open(bool isInput) => _open?.Invoke(isInput);

    internal static Descriptor CopyOf(SafeHandle handle)
    {
        bool isHeld = false;
        handle.DangerousAddRef(ref isHeld);
        try
        {
            return NativeSpawn.Duplicate((int)handle.DangerousGetHandle(), 0, out Errno error)
                ?? throw ErrnoMap.Failure("a descriptor cannot be passed to a child", error);
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

        // The child expects a blocking file, as every program does.
        _ = NativePipe.SetNonBlocking(file, isSet: false);
        return file;
    }
}
