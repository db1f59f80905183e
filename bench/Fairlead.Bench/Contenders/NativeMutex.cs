using System.Diagnostics;

namespace Fairlead.Bench.Contenders;

/// <summary>The C library's mutex, robust and shared between processes, driven from C (bench/native/locks).</summary>
/// <param name="work">alone or handover.</param>
internal sealed class NativeMutex(string work) : Contender("C pthread mutex, robust")
{
    private static readonly NativeProgram Worker = new("locks", "-lpthread");

    public override string? Missing => Worker.Missing;

    public override ProcessStartInfo Program(string role, Session session) =>
        new(Worker.Path, [role, work, Path.Combine(session.Directory, session.Name + ".page"), session.SocketPath]);

    public override void Serve(Session session, Action listening) => throw new NotSupportedException("this is a separate program");
}
