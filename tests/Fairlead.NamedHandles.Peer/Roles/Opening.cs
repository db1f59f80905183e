namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>
/// <c>open KIND NAME</c>: says "ready", opens the handle when a line arrives, says "created" or "opened", or the type of the exception, and
/// keeps it until stdin ends.
/// </summary>
internal static class Opening
{
    public static int Run(string[] arguments)
    {
        Console.WriteLine("ready");
        _ = Console.ReadLine();
        try
        {
            using WaitHandle handle = Handles.Open(arguments[0], arguments[1], out bool createdNew);
            Console.WriteLine(createdNew ? "created" : "opened");
            _ = Console.In.ReadToEnd();
        }
        catch (Exception e) when (e is WaitHandleCannotBeOpenedException or UnauthorizedAccessException)
        {
            Console.WriteLine(e.GetType().Name);
        }

        return 0;
    }
}
