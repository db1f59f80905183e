using System.Diagnostics;
using System.Globalization;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// libzmq's publish-subscribe, driven from C (bench/native/broadcast). Built with the system's compiler if libzmq's headers are there
/// (Debian: libzmq3-dev).
/// </summary>
internal sealed class NativeBroadcast(int readers) : Contender($"libzmq XPUB, {readers} readers")
{
    private static readonly NativeProgram Worker = new("broadcast", "-lzmq");

    public override string? Missing =>
        Worker.Missing is { } errors && errors.Contains("zmq", StringComparison.Ordinal)
            ? "libzmq is missing here (Debian: libzmq3-dev)"
            : Worker.Missing;

    public override ProcessStartInfo Program(string role, Session session) =>
        new(
            Worker.Path,
            [
                role,
                session.MessageSize.ToString(CultureInfo.InvariantCulture),
                readers.ToString(CultureInfo.InvariantCulture),
                session.SocketPath,
            ]);

    public override void Serve(Session session, Action listening) => throw new NotSupportedException("this is a separate program");
}
