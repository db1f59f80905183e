namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>
/// <c>wait-any KIND:NAME...</c>: waits for any of the handles, behind an event of this process, and says which it got, or "abandoned" and
/// which. Ends when it has got the last one.
/// </summary>
internal static class WaitingForAny
{
    public static int Run(string[] arguments)
    {
        using System.Threading.ManualResetEvent own = new(false);
        WaitHandle[] handles =
            [own, .. arguments.Select(static argument => argument.Split(':', 2)).Select(static parts => Handles.Open(parts[0], parts[1]))];
        Console.WriteLine("waiting");
        int got;
        do
        {
            got = Wait(handles);
        }
        while (got != handles.Length - 1);

        return 0;
    }

    private static int Wait(WaitHandle[] handles)
    {
        try
        {
            int got = NamedWaitHandles.WaitAny(handles);
            Console.WriteLine($"{got}");
            return got;
        }
        catch (AbandonedMutexException e)
        {
            Console.WriteLine($"abandoned {e.MutexIndex}");
            return e.MutexIndex;
        }
    }
}
