using System.Text;
using Fairlead.Cli.Processes;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Cli.Output;

/// <summary>
/// Stdout as bytes, unbuffered: when a write returns, the kernel has it. Only data goes here.
/// </summary>
internal static class StandardOutput
{
    private const int Descriptor = 1;

    // The errno of a pipe without a reader.
    private const int BrokenPipe = 32;

    private static readonly Lock Gate = new();
    private static Stream? _stream;

    /// <summary>Writes bytes with one system call where the kernel takes them at once.</summary>
    /// <exception cref="OutputClosedException">Nobody reads any more.</exception>
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
            catch (UnauthorizedAccessException exception)
            {
                // The descriptor is not open, or open for something else.
                throw new ToolException(ExitCode.Failure, $"stdout cannot be written: {exception.Message}");
            }
        }
    }

    public static void WriteLine(string line) => Write(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>
    /// The console's own stream writes by write(2), as a shared file position needs, but passes over a closed pipe in silence; a file
    /// stream tells, but keeps a position of its own where there is one. So each serves where it is right.
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
