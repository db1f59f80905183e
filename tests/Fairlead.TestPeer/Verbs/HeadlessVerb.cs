using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Registry;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>headless DIRECTORY PATH</c>: binds a socket file, and ends its first thread, so the kernel shows it as a zombie. Says <c>ready</c>
/// then. Its other threads keep the socket until its input ends.
/// </summary>
internal static partial class HeadlessVerb
{
    private static long ExitOfThread => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 60 : 93;

    public static Task<int> RunAsync(string[] arguments)
    {
        new Thread(() => Hold(arguments[0], arguments[1])).Start();
        _ = SystemCall(ExitOfThread, 0);
        throw new InvalidOperationException("the first thread goes on");
    }

    private static void Hold(string directory, string path)
    {
        using (SocketFile.Bind(path, NativeSocketType.Stream, backlog: 16, "unix://" + path, directory: RuntimeDirectory.At(directory)))
        {
            while (ProcStat.State(File.ReadAllBytes("/proc/self/stat")) is not 'Z')
            {
                Thread.Yield();
            }

            Console.WriteLine("ready");
            Console.In.ReadToEnd();
        }

        // The runtime would wait for its first thread.
        ExitNow(0);
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, long argument);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int code);
}
