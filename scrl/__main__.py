from scrl.cli import main

raise SystemExit(main())
