namespace Fairlead.Bench.Contenders;

/// <summary>Sets one of eight automatic events and waits for any of them: named ones, or the platform's own inside the process.</summary>
internal sealed class AnyEvent(bool isNamed) : MutexContender(isNamed ? "Fairlead.NamedHandles, 8 events" : "System.Threading, 8 events")
{
    private const int Events = 8;

    public override MutexUser Connect(Session session) =>
        isNamed
            ? new Named([.. Enumerable.Range(0, Events).Select(i => new NamedHandles.EventWaitHandle(
                false, EventResetMode.AutoReset, $"{Naming.OfObject(session)}-{i}"))])
            : new Own([.. Enumerable.Range(0, Events).Select(static _ => new AutoResetEvent(false))]);

    private static void Check(int index, int set)
    {
        if (index != set)
        {
            throw new InvalidOperationException($"The event {set} was set, and the wait returned {index}.");
        }
    }

    private sealed class Own(EventWaitHandle[] events) : MutexUser
    {
        private int _next;

        public override void Enter() => events[_next = (_next + 1) % Events].Set();

        public override void Leave() => Check(WaitHandle.WaitAny(events), _next);

        public override void Dispose() => Array.ForEach(events, static one => one.Dispose());
    }

    private sealed class Named(NamedHandles.EventWaitHandle[] events) : MutexUser
    {
        private int _next;

        public override void Enter() => events[_next = (_next + 1) % Events].Set();

        public override void Leave() => Check(NamedHandles.NamedWaitHandles.WaitAny(events), _next);

        public override void Dispose() => Array.ForEach(events, static one => one.Dispose());
    }
}
