namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>
/// <c>signal KIND NAME</c>: adds to a semaphore what each line says, or sets an event for each line; says "done" each time.
/// </summary>
internal static class Signalling
{
    public static int Run(string[] arguments)
    {
        using WaitHandle handle = Handles.Open(arguments[0], arguments[1]);
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            if (handle is Semaphore semaphore)
            {
                _ = semaphore.Release(int.Parse(line, System.Globalization.CultureInfo.InvariantCulture));
            }
            else
            {
                _ = ((EventWaitHandle)handle).Set();
            }

            Console.WriteLine("done");
        }

        return 0;
    }
}
