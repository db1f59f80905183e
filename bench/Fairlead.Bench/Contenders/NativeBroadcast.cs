using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Fairlead.Bench.Contenders;

/// <summary>libzmq's publish-subscribe, driven from C (bench/native/broadcast). Built with the system's compiler, where libzmq's headers are (Debian: libzmq3-dev).</summary>
internal sealed class NativeBroadcast(int readers) : Contender($"libzmq XPUB, {readers} readers")
{
    private static readonly Lazy<(string Path, string? Missing)> Built = new(Build);

    public override string? Missing => Built.Value.Missing;

    public override ProcessStartInfo Program(string role, Session session)
    {
        var start = new ProcessStartInfo(Built.Value.Path);
        foreach (string argument in (string[])[role, session.MessageSize.ToString(CultureInfo.InvariantCulture), readers.ToString(CultureInfo.InvariantCulture), session.SocketPath])
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    public override void Serve(Session session, Action listening) => throw new NotSupportedException("it is a program of its own");

    private static (string Path, string? Missing) Build()
    {
        string directory = Directory.CreateTempSubdirectory("fairlead-bench-broadcast-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        string path = System.IO.Path.Combine(directory, "worker");
        var start = new ProcessStartInfo("cc") { RedirectStandardError = true };
        foreach (string argument in (string[])["-O2", "-std=gnu11", "-o", path, System.IO.Path.Combine(AppContext.BaseDirectory, "native", "broadcast", "worker.c"), "-lzmq"])
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            using var compiler = Process.Start(start)!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return (path, compiler.ExitCode == 0 ? null : errors.Contains("zmq", StringComparison.Ordinal) ? "libzmq is missing here (Debian: libzmq3-dev)" : $"cc fails: {errors.Split('\n')[0]}");
        }
        catch (Win32Exception)
        {
            return (path, "there is no C compiler (cc) here");
        }
    }
}
