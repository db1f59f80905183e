using System.Runtime.InteropServices;
using System.Text;

namespace Fairlead.Native;

// Words that the kernel marks when a thread ends. The C library does not expose these calls.
internal static unsafe partial class Libc
{
    public const int FUTEX_WAITERS = unchecked((int)0x80000000);
    public const int FUTEX_OWNER_DIED = 0x40000000;
    public const int FUTEX_TID_MASK = 0x3fffffff;

    public const int PR_GET_CHILD_SUBREAPER = 37;

    private const int PR_SET_NAME = 15;

    /// <summary>The kernel follows a list no further than this.</summary>
    public const int ROBUST_LIST_LIMIT = 2048;

    private static readonly nint RobustListNumber = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 273,
        Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 99,
        Architecture.Ppc64le => 300,
        Architecture.S390x => 304,
        _ => throw new PlatformNotSupportedException("The number of the set_robust_list call on this architecture is not known."),
    };

    /// <summary>Names the calling thread, with up to 15 characters.</summary>
    public static void NameThread(string name)
    {
        Span<byte> text = stackalloc byte[16];
        text.Clear();
        _ = Encoding.ASCII.GetBytes(name, text[..15]);
        fixed (byte* first = text)
        {
            _ = ThreadControl(PR_SET_NAME, (nuint)first, 0, 0, 0);
        }
    }

    /// <summary>Gives the calling thread a list that replaces that of the C library. Below zero on failure.</summary>
    public static nint SetRobustList(RobustList* list) => PlainCall(RobustListNumber, list, (nuint)sizeof(RobustList));

    [LibraryImport(Library, EntryPoint = "prctl")]
    public static partial int ThreadControl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial nint PlainCall(nint number, void* first, nuint second);

    /// <summary><c>struct robust_list_head</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct RobustList
    {
        /// <summary>The first entry; the address of the list itself if it is empty.</summary>
        public nint Next;

        /// <summary>The distance from an entry to its word.</summary>
        public nint Distance;

        /// <summary>The entry whose word is being taken or released; 0: none.</summary>
        public nint Pending;
    }
}
