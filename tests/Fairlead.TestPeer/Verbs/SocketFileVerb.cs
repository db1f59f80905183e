using System.Globalization;
using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>socketfile DIRECTORY PATH TYPE PUBLISH [BALLAST]</c>: binds a socket file, publishes it when PUBLISH is <c>true</c>, says
/// <c>ready</c>, and releases it when its input ends. With so many MiB of ballast it takes the kernel a while to end it. When the place
/// cannot be had it says <c>refused CODE</c> and ends with 4.
/// </summary>
internal static class SocketFileVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var directory = RuntimeDirectory.At(arguments[0]);
        var path = arguments[1];
        var type = Enum.Parse<NativeSocketType>(arguments[2]);
        Address address = "unix://" + path;
        var ballast = arguments.Length > 4 ? new byte[int.Parse(arguments[4], CultureInfo.InvariantCulture) << 20] : [];
        ballast.AsSpan().Fill(1);
        try
        {
            using var file = SocketFile.Bind(path, type, backlog: 16, address, directory: directory);
            using var entry = bool.Parse(arguments[3])
                ? EndpointEntry.Create(PatternKind.Responder, bound: true, address.ToString(), file.Identity, directory)
                : null;
            Console.WriteLine("ready");
            await Console.In.ReadToEndAsync();
            GC.KeepAlive(ballast);
            return 0;
        }
        catch (FairleadException refused)
        {
            Console.WriteLine($"refused {refused.Code}");
            return 4;
        }
    }
}
