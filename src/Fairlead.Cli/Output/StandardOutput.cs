using System.Text;
using Fairlead.Cli.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Cli.Output;

/// <summary>Stdout as bytes, unbuffered: when a write returns, the kernel has it. For data only.</summary>
internal static class StandardOutput
{
    private const int Descriptor = 1;

    // The errno of a pipe without a reader.
    private const int BrokenPipe = 32;

    private static readonly Lock Gate = new();
    private static Stream? _stream;

    /// <summary>Writes bytes, by one system call if the kernel takes all of them.</summary>
    /// <exception cref="OutputClosedException">There is no reader any more.</exception>
    public static void Write(ReadOnlySpan<byte> bytes)
    {
        lock (Gate)
        {
            try
            {
                _stream ??= Open();
                _stream.Write(bytes);
            }
            catch (IOException exception)
            {
                throw (exception.HResult & 0xFFFF) == BrokenPipe
                    ? new OutputClosedException(exception)
                    : new ToolException(ExitCode.Failure, $"stdout cannot be written: {exception.Message}");
            }
            catch (ArgumentOutOfRangeException)
            {
                // The base library's form of EFBIG.
                throw new ToolException(
                    ExitCode.Failure,
                    "stdout cannot be written: its file has reached the limit of file sizes. Raise the limit (ulimit -f).");
            }
            catch (UnauthorizedAccessException exception)
            {
                // The descriptor is not open, or not open for writing.
                throw new ToolException(ExitCode.Failure, $"stdout cannot be written: {exception.Message}");
            }
        }
    }

    public static void WriteLine(string line) => Write(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>
    /// Opens stdout. The console's stream writes by write(2), as a shared file position requires, but silently ignores a closed pipe. A
    /// file stream reports that, but keeps its own position in a file. So each is used where it is right.
    /// </summary>
    private static Stream Open()
    {
        if (!InheritedDescriptor.IsOpen(Descriptor))
        {
            throw new ToolException(ExitCode.Failure, "stdout cannot be written: it is closed");
        }

        var stream = new FileStream(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return stream.CanSeek ? Console.OpenStandardOutput() : stream;
    }
}
