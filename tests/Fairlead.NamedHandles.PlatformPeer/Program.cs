using Programs;

try
{
    return ProgramList.Find(args[0])!(args[1..]);
}
catch (PlatformNotSupportedException refused)
{
    Console.WriteLine($"{nameof(PlatformNotSupportedException)}: {refused.Message}");
    return 0;
}
