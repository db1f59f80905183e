using System.Diagnostics;
using System.Globalization;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// The ring of bench/native, in C: the limit that memory and kernel set, with nothing above them. Built with the system's compiler.
/// </summary>
/// <param name="waiting">spin, futex, brief or poll.</param>
/// <param name="work">echo, copied or loaned.</param>
/// <param name="capacity">Bytes of each ring; as many as Fairlead's has.</param>
internal sealed class NativeRing(string waiting, string work, long capacity, TimeSpan silence = default) : Contender($"C ring, {waiting}")
{
    private static readonly NativeProgram Worker = new("");

    public override string? Missing => Worker.Missing;

    public override ProcessStartInfo Program(string role, Session session) =>
        new(
            Worker.Path,
            [role, waiting, work, Text(session.MessageSize), Text(capacity), Text((long)silence.TotalMicroseconds), session.SocketPath]);

    public override void Serve(Session session, Action listening) => throw new NotSupportedException("this is a separate program");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
