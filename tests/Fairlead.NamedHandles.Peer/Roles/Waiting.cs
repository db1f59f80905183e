namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>
/// <c>wait KIND NAME</c>: says "waiting", waits, and says "got" or "abandoned"; again for each line of stdin.
/// </summary>
internal static class Waiting
{
    public static int Run(string[] arguments)
    {
        using WaitHandle handle = Handles.Open(arguments[0], arguments[1]);
        do
        {
            Console.WriteLine("waiting");
            try
            {
                _ = handle.WaitOne();
                Console.WriteLine("got");
            }
            catch (AbandonedMutexException)
            {
                Console.WriteLine("abandoned");
            }
        }
        while (Console.ReadLine() is not null);

        return 0;
    }
}
